public import FedCore

/// Updates in half precision (IEEE 754 binary16), little-endian: 2 bytes a number instead of 4.
///
/// Each number is rounded to the nearest half, ties to even, with a relative error of at most 2⁻¹¹ for magnitudes from
/// 2⁻¹⁴ on; below that the absolute error is at most 2⁻²⁵. A magnitude of 65,520 or more, and NaN, arrives as an
/// infinity, and the server leaves the update out. The loss is a function of the number alone, so a run has one digest
/// at any number of ranks, but another one than without a codec.
public struct HalfPrecisionUpdates: NamedUpdateCodec {
    public static let name = "f16"
    public static let summary = "half precision: half the bytes, each number rounded to 11 bits"
    /// The code in an envelope.
    public let code: UInt32 = 2
    /// False: numbers are rounded.
    public let isLossless = false
    /// False: the rounding is that of a floating-point format.
    public let isBiased = false
    /// True: 2 bytes a number.
    public let isFixedLength = true

    /// Takes no arguments.
    public init() {}

    /// 2 bytes for each number; every encoding has exactly this length.
    public func capacity(count: Int, tensors: [CodecTensor]) -> Int { 2 * count }

    /// Rounds and writes the numbers in their order.
    ///
    /// - Parameters:
    ///   - numbers: an update's numbers.
    ///   - bytes: room for 2 bytes a number.
    ///   - context: is not looked at.
    /// - Returns: the bytes written, 2 × `numbers.count`.
    /// - Complexity: O(count); allocates nothing.
    /// - Precondition: `bytes` is large enough.
    public func encode(
        _ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext
    ) -> Int {
        precondition(bytes.count >= 2 * numbers.count)
        for i in 0..<numbers.count {
            let half = HalfPrecision.bits(numbers[unchecked: i])
            bytes[unchecked: 2 * i] = UInt8(truncatingIfNeeded: half)
            bytes[unchecked: 2 * i + 1] = UInt8(truncatingIfNeeded: half >> 8)
        }
        return 2 * numbers.count
    }

    /// Widens the numbers to single precision, which is exact; the bits of a NaN give an infinity.
    ///
    /// - Parameters:
    ///   - bytes: an encoding of as many numbers as are asked for.
    ///   - numbers: all of them are written.
    ///   - context: is not looked at.
    /// - Returns: the bytes, all of them symbols.
    /// - Throws: ``CodecError`` when the length does not fit; then nothing is written. Any bytes of the right length
    ///   decode.
    /// - Complexity: O(count); allocates nothing.
    public func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        guard bytes.count == 2 * numbers.count else {
            throw CodecError("has \(bytes.count) bytes of half precision, not \(2 * numbers.count)")
        }
        for i in 0..<numbers.count {
            let half = UInt32(bytes[unchecked: 2 * i]) | UInt32(bytes[unchecked: 2 * i + 1]) << 8
            numbers[unchecked: i] = HalfPrecision.value(half)
        }
        return CodedBytes(symbols: bytes.count, entropy: CodedBytes.entropy(of: bytes))
    }
}
