public import FedCore

/// A stage before all others: sends fewer numbers in place of the update's, of which the server makes the update again.
/// The stages behind it write these numbers.
public protocol ProjectingStage: CodecStage {
    /// Whether what the server makes is not the update in expectation.
    var isBiased: Bool { get }

    /// The tensors among the numbers that cross; ascending, and together all of them.
    /// - Parameters:
    ///   - tensors: those of the update.
    ///   - count: numbers of the update.
    func tensors(of tensors: [CodecTensor], count: Int) -> [CodecTensor]

    /// Makes the numbers that cross. Of an update with a number that is not finite at least one of them is not.
    /// - Parameters:
    ///   - numbers: the update's.
    ///   - projected: zeros, as many as ``tensors(of:count:)`` says.
    ///   - context: whose numbers they are, and their tensors.
    func project(_ numbers: Span<Float>, into projected: inout MutableSpan<Float>, in context: CodecContext)

    /// Makes an update of numbers that have crossed, with the same bits on every machine.
    /// - Parameters:
    ///   - projected: finite numbers, which are not trusted.
    ///   - numbers: zeros.
    ///   - context: as when they were projected.
    func restore(_ projected: Span<Float>, into numbers: inout MutableSpan<Float>, in context: CodecContext)
}

extension ProjectingStage {
    public var isBiased: Bool { true }
}

/// The catalog of projecting stages.
public enum ProjectingStages {
    /// The stages in the order of help texts.
    public static let all: [any ProjectingStage.Type] = [PowerSGD.self, Sketch.self]

    /// The stages that come with the project.
    public static let standard = Catalog(ofStages: all) { $0 }
}
