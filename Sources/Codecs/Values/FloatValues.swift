public import FedCore

/// Single precision, the bytes of each significance together: what a pipeline without a value stage does. Keeps every
/// bit.
struct SingleValues: ValueStage {
    static let name = "f32"
    static let summary = "single precision, as it is"
    var isBiased: Bool { false }
    var alphabet: Int { 256 }
    var planes: Int { 4 }

    init() {}
    init(_ reader: inout OptionReader) {}

    func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        let count = numbers.count
        precondition(symbols.count >= 4 * count)
        for i in 0..<count {
            let bits = numbers[unchecked: i].bitPattern
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: bits >> 24)
            symbols[unchecked: count &+ i] = UInt8(truncatingIfNeeded: bits >> 16)
            symbols[unchecked: 2 &* count &+ i] = UInt8(truncatingIfNeeded: bits >> 8)
            symbols[unchecked: 3 &* count &+ i] = UInt8(truncatingIfNeeded: bits)
        }
    }

    func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        let count = numbers.count
        precondition(symbols.count >= 4 * count)
        for i in 0..<count {
            let high = UInt32(symbols[unchecked: i]) << 24 | UInt32(symbols[unchecked: count &+ i]) << 16
            let low = UInt32(symbols[unchecked: 2 &* count &+ i]) << 8 | UInt32(symbols[unchecked: 3 &* count &+ i])
            numbers[unchecked: i] = Float(bitPattern: high | low)
        }
    }
}

/// Half precision (IEEE 754 binary16), rounded to the nearest, ties to even; the high bytes of all numbers, then the low
/// ones.
public struct HalfValues: ValueStage {
    public static let name = "f16"
    public static let summary = "half precision: 2 bytes a number, rounded to 11 bits"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// Not biased, or by no more than a floating-point format rounds.
    public var isBiased: Bool { false }
    /// Bytes.
    public var alphabet: Int { 256 }
    /// The high bytes and the low ones.
    public var planes: Int { 2 }

    /// Writes the bytes of each number, plane by plane. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        precondition(symbols.count >= 2 * numbers.count)
        for i in 0..<numbers.count {
            let half = HalfPrecision.bits(numbers[unchecked: i])
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: half >> 8)
            symbols[unchecked: numbers.count &+ i] = UInt8(truncatingIfNeeded: half)
        }
    }

    /// Puts the bytes together again; any bytes are a number, perhaps NaN. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        let count = numbers.count
        precondition(symbols.count >= 2 * count)
        for i in 0..<count {
            numbers[unchecked: i] = HalfPrecision.value(
                UInt32(symbols[unchecked: i]) << 8 | UInt32(symbols[unchecked: count &+ i]))
        }
    }
}

/// bfloat16: the upper half of a Float's bits, rounded to the nearest, ties to even; the high bytes of all numbers, then
/// the low ones. Keeps the range of single precision and 8 bits of the fraction.
///
/// D. Kalamkar et al., *A Study of BFLOAT16 for Deep Learning Training*, 2019, arXiv:1905.12322.
public struct BrainValues: ValueStage {
    public static let name = "bf16"
    public static let summary = "bfloat16: 2 bytes a number, rounded to 8 bits, with the range of single precision"
    public static let paper = "Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, 2019"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// Not biased, or by no more than a floating-point format rounds.
    public var isBiased: Bool { false }
    /// Bytes.
    public var alphabet: Int { 256 }
    /// The high bytes and the low ones.
    public var planes: Int { 2 }

    /// Writes the bytes of each number, plane by plane. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        precondition(symbols.count >= 2 * numbers.count)
        for i in 0..<numbers.count {
            let bits = numbers[unchecked: i].bitPattern
            let rounded = bits &+ 0x7fff &+ (bits >> 16 & 1)
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: rounded >> 24)
            symbols[unchecked: numbers.count &+ i] = UInt8(truncatingIfNeeded: rounded >> 16)
        }
    }

    /// Puts the bytes together again; any bytes are a number, perhaps NaN. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        let count = numbers.count
        precondition(symbols.count >= 2 * count)
        for i in 0..<count {
            numbers[unchecked: i] = Float(
                bitPattern: UInt32(symbols[unchecked: i]) << 24 | UInt32(symbols[unchecked: count &+ i]) << 16)
        }
    }
}
