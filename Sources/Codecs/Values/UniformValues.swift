public import FedCore

/// Uniform quantisation of each tensor: 2ᵇ equal steps over its range, in which zero is a step, so that zeros stay
/// zeros. Beside the symbols of each tensor its step (Float32) and the symbol of zero (UInt8).
///
/// B. Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*,
/// CVPR 2018, section 2.1, arXiv:1712.05877: r = S (q − Z).
enum UniformSteps {
    /// Bytes beside the symbols of a tensor.
    static let sideBytes = 5

    /// Writes every tensor.
    /// - Parameter largest: the largest symbol, 2ᵇ − 1.
    static func encode(
        _ numbers: Span<Float>, largest: Float, into symbols: inout MutableSpan<UInt8>,
        side: inout MutableSpan<UInt8>, tensors: [CodecTensor]
    ) {
        precondition(symbols.count >= numbers.count)
        for (index, range) in tensors.lazy.map(\.range).enumerated() {
            precondition(range.upperBound <= numbers.count)
            // In a range with zero.
            let (least, most) = VectorSums.extremes(numbers, range, and: 0)
            // Each divided by itself: the difference of two large numbers may be none.
            let step = most / largest - least / largest
            // Nothing is left of numbers whose step has no inverse.
            let inverse = step >= .leastNormalMagnitude * 4 ? 1 / step : 0
            let zero = min((-least * inverse).rounded(), largest)
            side.put(inverse == 0 ? 0 : step, at: sideBytes * index)
            side[sideBytes * index + 4] = UInt8(zero)
            for i in range {
                let symbol = min(max(numbers[unchecked: i] * inverse + zero, 0), largest)
                // A Float of this size has no fraction: adding rounds to the nearest, and the low bits are the symbol.
                symbols[unchecked: i] = UInt8(truncatingIfNeeded: (symbol + 0x1p23).bitPattern)
            }
        }
    }

    /// Reads every tensor.
    static func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, tensors: [CodecTensor]
    ) {
        precondition(symbols.count >= numbers.count)
        for (index, range) in tensors.lazy.map(\.range).enumerated() {
            precondition(range.upperBound <= numbers.count)
            let step = side.float(at: sideBytes * index)
            let zero = Float(side[sideBytes * index + 4])
            for i in range {
                numbers[unchecked: i] = (Float(symbols[unchecked: i]) - zero) * step
            }
        }
    }
}

/// A value stage of equal steps, as many as its alphabet has symbols.
public protocol UniformValues: ValueStage {}

extension UniformValues {
    /// The paper of the steps.
    public static var paper: String { "Jacob et al., Quantization and Training of Neural Networks, CVPR 2018" }

    /// True: steps are of tensors.
    public var isByTensor: Bool { true }
    /// A step and the symbol of zero for each tensor.
    public func sideBytes(count: Int, tensors: Int) -> Int { UniformSteps.sideBytes * tensors }

    /// Finds the range of each tensor, and rounds its numbers to steps. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        UniformSteps.encode(
            numbers, largest: Float(alphabet - 1), into: &symbols, side: &side, tensors: context.tensors)
    }

    /// Multiplies by the steps. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) { UniformSteps.decode(symbols, side: side, into: &numbers, tensors: context.tensors) }
}

/// 8 bits a number.
public struct Int8Values: UniformValues {
    public static let name = "int8"
    public static let summary = "256 equal steps over the range of each tensor"
    /// The steps.
    public let alphabet = 256

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}
}

/// 4 bits a number.
public struct Int4Values: UniformValues {
    public static let name = "int4"
    public static let summary = "16 equal steps over the range of each tensor"
    /// The steps.
    public let alphabet = 16

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}
}

/// 2 bits a number.
public struct Int2Values: UniformValues {
    public static let name = "int2"
    public static let summary = "4 equal steps over the range of each tensor"
    /// The steps.
    public let alphabet = 4

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}
}
