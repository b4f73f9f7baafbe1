public import FedCore

/// The first stage of a pipeline: chooses the numbers that cross. The others arrive as zeros.
public protocol ChoosingStage: CodecStage {
    /// Whether leaving the others out changes the expected update.
    var isBiased: Bool { get }
    /// Whether client and server derive the places alike, from the context, so that they need not cross.
    var isShared: Bool { get }
    /// Whether the number of places depends on the number of numbers and of tensors alone.
    var hasFixedCount: Bool { get }

    /// The most places that it can choose.
    /// - Parameters:
    ///   - count: number of numbers.
    ///   - tensors: number of tensors that they belong to.
    func mostPlaces(of count: Int, tensors: Int) -> Int

    /// Chooses places.
    /// - Parameters:
    ///   - numbers: finite numbers; empty when shared places are asked for at the server.
    ///   - count: how many numbers there are.
    ///   - context: whose they are, and their tensors.
    /// - Returns: ascending places in `0 ..< count`.
    func places(in numbers: Span<Float>, count: Int, _ context: CodecContext) -> [UInt32]

    /// The factor by which the server multiplies what arrives of so many numbers.
    func factor(chosen: Int, of count: Int) -> Float
}

extension ChoosingStage {
    public var isBiased: Bool { true }
    public var isShared: Bool { false }
    public var hasFixedCount: Bool { true }

    public func factor(chosen: Int, of count: Int) -> Float { 1 }
}

/// The catalog of choosing stages.
public enum ChoosingStages {
    /// The stages in the order of help texts.
    public static let all: [any ChoosingStage.Type] = [TopK.self, Threshold.self, RandomK.self, Pruning.self]

    /// The stages that come with the project.
    public static let standard = Catalog(ofStages: all) { $0 }
}
