public import FedCore

/// Single precision, the bytes of each significance together: what a pipeline without a value stage does. Keeps every
/// bit.
struct SingleValues: ValueStage {
    static let name = "f32"
    static let summary = "single precision, as it is"
    /// False: nothing is lost.
    var isBiased: Bool { false }
    /// Bytes.
    var alphabet: Int { 256 }
    /// A plane for each byte of a number, the highest first: sign and exponent are much alike.
    var planes: Int { 4 }

    /// Makes the stage that a pipeline has when no other writes its numbers.
    init() {}
    /// Takes no arguments.
    init(_ reader: inout OptionReader) {}

    /// Writes the bytes of each number, plane by plane. O(count).
    func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) { BytePlanes.split(numbers, into: &symbols) }

    /// Puts the bytes together again. O(count).
    func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) { BytePlanes.join(symbols, into: &numbers) }
}

/// A value stage of floating-point numbers of 16 bits: the high bytes of all numbers, then the low ones.
public protocol SixteenBitValues: ValueStage {
    /// Rounds a number to the nearest, ties to even.
    /// - Returns: its 16 bits, the lowest ones of the word; what is above them does not count.
    static func bits(_ value: Float) -> UInt32
    /// The number of 16 bits, exactly; other bits of the word are zeros.
    static func value(_ bits: UInt32) -> Float
}

extension SixteenBitValues {
    /// Not biased, or by no more than a floating-point format rounds.
    public var isBiased: Bool { false }
    /// Bytes.
    public var alphabet: Int { 256 }
    /// The high bytes and the low ones.
    public var planes: Int { 2 }

    /// Writes the bytes of each number, plane by plane. O(count).
    @inline(__always)
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        precondition(symbols.count >= 2 * numbers.count)
        for i in 0..<numbers.count {
            let bits = Self.bits(numbers[unchecked: i])
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: bits >> 8)
            symbols[unchecked: numbers.count &+ i] = UInt8(truncatingIfNeeded: bits)
        }
    }

    /// Puts the bytes together again; any bytes are a number, perhaps NaN. O(count).
    @inline(__always)
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        let count = numbers.count
        precondition(symbols.count >= 2 * count)
        for i in 0..<count {
            numbers[unchecked: i] = Self.value(
                UInt32(symbols[unchecked: i]) << 8 | UInt32(symbols[unchecked: count &+ i]))
        }
    }
}

/// Half precision (IEEE 754 binary16).
public struct HalfValues: SixteenBitValues {
    public static let name = "f16"
    public static let summary = "half precision: 2 bytes a number, rounded to 11 bits"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    @inline(__always)
    public static func bits(_ value: Float) -> UInt32 { HalfPrecision.bits(value) }
    @inline(__always)
    public static func value(_ bits: UInt32) -> Float { HalfPrecision.value(bits) }
}

/// bfloat16: the upper half of a Float's bits. Keeps the range of single precision and 8 bits of the fraction.
///
/// D. Kalamkar et al., *A Study of BFLOAT16 for Deep Learning Training*, 2019, arXiv:1905.12322.
public struct BrainValues: SixteenBitValues {
    public static let name = "bf16"
    public static let summary = "bfloat16: 2 bytes a number, rounded to 8 bits, with the range of single precision"
    public static let paper = "Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, 2019"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    @inline(__always)
    public static func bits(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        return (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16
    }
    @inline(__always)
    public static func value(_ bits: UInt32) -> Float { Float(bitPattern: bits << 16) }
}
