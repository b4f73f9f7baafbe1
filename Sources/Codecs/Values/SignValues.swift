public import FedCore

/// One bit a number, its sign, and for each tensor the mean magnitude (Float32) that all of its numbers get. Zero counts
/// as positive.
///
/// S. P. Karimireddy et al., *Error Feedback Fixes SignSGD and other Gradient Compression Schemes*, ICML 2019,
/// arXiv:1901.09847: C(v) = ‖v‖₁ / d · sign(v), by layers.
public struct SignValues: ValueStage {
    public static let name = "sign"
    public static let summary = "1 bit: the sign, times the mean magnitude of each tensor"
    public static let paper = "Karimireddy et al., Error Feedback Fixes SignSGD, ICML 2019"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// Positive and negative.
    public var alphabet: Int { 2 }
    /// True: magnitudes are of tensors.
    public var isByTensor: Bool { true }
    /// A magnitude for each tensor.
    public func sideBytes(count: Int, tensors: Int) -> Int { 4 * tensors }

    /// Finds the mean magnitude of each tensor, and the signs. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) { SignedMeans.encode(numbers, into: &symbols, side: &side, groups: context.tensors.map(\.range)) }

    /// Gives each number its tensor's magnitude. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) { SignedMeans.decode(symbols, side: side, into: &numbers, groups: context.tensors.map(\.range)) }
}

/// Sparse ternary compression, behind a choosing stage: of the numbers that are chosen the sign, and one mean magnitude
/// (Float32) for all; with the zeros of the others a number has three values.
///
/// F. Sattler et al., *Robust and Communication-Efficient Federated Learning from Non-IID Data*, IEEE TNNLS 31(9), 2020,
/// algorithm 1, arXiv:1903.02891.
public struct TernaryValues: ValueStage {
    public static let name = "ternary"
    public static let summary = "1 bit: the sign of what was chosen, times its mean magnitude"
    public static let paper = "Sattler et al., Robust and Communication-Efficient Federated Learning (STC), TNNLS 2020"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// Positive and negative.
    public var alphabet: Int { 2 }
    /// True: a sign alone says nothing of numbers that might as well be zero.
    public var needsChoosing: Bool { true }
    /// One magnitude for all.
    public func sideBytes(count: Int, tensors: Int) -> Int { count > 0 ? 4 : 0 }

    /// Finds the mean magnitude of all numbers, and the signs. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        guard numbers.count > 0 else { return }
        SignedMeans.encode(numbers, into: &symbols, side: &side, groups: [0..<numbers.count])
    }

    /// Gives each number the magnitude with its sign. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        guard numbers.count > 0 else { return }
        SignedMeans.decode(symbols, side: side, into: &numbers, groups: [0..<numbers.count])
    }
}

/// Signs, and the mean magnitude of each group of numbers.
private enum SignedMeans {
    /// Writes a mean for each group, and a sign for each number.
    /// - Parameter groups: ascending, and together all numbers; none is empty.
    static func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        groups: [Range<Int>]
    ) {
        precondition(symbols.count >= numbers.count)
        for (index, range) in groups.enumerated() {
            side.put(Float(VectorSums.magnitudes(numbers, range) / Double(range.count)), at: 4 * index)
            for i in range { symbols[unchecked: i] = numbers[unchecked: i] < 0 ? 1 : 0 }
        }
    }

    /// Reads what `encode` has written.
    static func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, groups: [Range<Int>]
    ) {
        precondition(symbols.count >= numbers.count && groups.allSatisfy { $0.upperBound <= numbers.count })
        for (index, range) in groups.enumerated() {
            let mean = side.float(at: 4 * index)
            for i in range { numbers[unchecked: i] = symbols[unchecked: i] == 0 ? mean : -mean }
        }
    }
}
