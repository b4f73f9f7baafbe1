public import FedCore

/// The second stage of a pipeline: writes numbers as symbols of at most 8 bits, and what belongs to many of them, such
/// as scales, beside these.
public protocol ValueStage: CodecStage {
    /// Whether the expected value of what is decoded is off, by more than the rounding of a floating-point format.
    var isBiased: Bool { get }
    /// Symbols that there are: they are from 0 to below this number, 2 … 256.
    var alphabet: Int { get }
    /// Symbols for each number; those of all numbers lie together, plane by plane.
    var planes: Int { get }
    /// Whether it has something beside the symbols for each tensor.
    var isByTensor: Bool { get }
    /// Whether it writes a number as one of two signs, which says nothing of numbers that might as well be zero: then a
    /// choosing stage has to come before it.
    var needsChoosing: Bool { get }

    /// Symbols of each plane.
    func symbolCount(of count: Int) -> Int

    /// Bytes beside the symbols.
    /// - Parameters:
    ///   - count: number of numbers.
    ///   - tensors: number of tensors that they belong to.
    func sideBytes(count: Int, tensors: Int) -> Int

    /// Writes numbers.
    /// - Parameters:
    ///   - numbers: finite, below 2⁹⁶ in magnitude.
    ///   - symbols: `[planes × symbolCount]`, zeros.
    ///   - side: `[sideBytes]`, zeros.
    ///   - context: whose numbers they are; its tensors are those of these numbers, and none is empty.
    func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext)

    /// Reads numbers. Any bytes beside the symbols give some numbers, perhaps NaN.
    /// - Parameters:
    ///   - symbols: `[planes × symbolCount]`, each below ``alphabet``.
    ///   - side: `[sideBytes]`.
    ///   - numbers: all are written.
    ///   - context: as when they were encoded.
    func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext)
}

extension ValueStage {
    public var isBiased: Bool { true }
    public var planes: Int { 1 }
    public var isByTensor: Bool { false }
    public var needsChoosing: Bool { false }
    public func symbolCount(of count: Int) -> Int { count }
    public func sideBytes(count: Int, tensors: Int) -> Int { 0 }
}

/// The catalog of value stages.
public enum ValueStages {
    /// The stages in the order of help texts.
    public static let all: [any ValueStage.Type] = [
        HalfValues.self, BrainValues.self, Int8Values.self, Int4Values.self, Int2Values.self, QSGDValues.self,
        SignValues.self, TernaryValues.self, EDENValues.self, KMeansValues.self,
        DeadZoneValues.self,
    ]

    /// The stages that come with the project.
    public static let standard = Catalog(ofStages: all) { $0 }
}
