public import FedCore

/// Half precision: 2 bytes a number, each rounded to the nearest, ties to even. What is above 65,504 in magnitude arrives as
/// an infinity, and the server leaves the update out.
public struct HalfPrecisionUpdates: UpdateCodec {
    public static let name = "f16"
    public static let summary = "half precision: half the bytes, each number rounded to 11 bits"
    public static let code: UInt32 = 2
    public static let isLossless = false
    public static let isFixedLength = true

    public init() {}

    public func capacity(count: Int) -> Int { 2 * count }

    public func encode(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>) -> Int {
        precondition(bytes.count >= 2 * numbers.count)
        for i in 0..<numbers.count {
            let half = HalfPrecision.bits(numbers[unchecked: i])
            bytes[unchecked: 2 * i] = UInt8(truncatingIfNeeded: half)
            bytes[unchecked: 2 * i + 1] = UInt8(truncatingIfNeeded: half >> 8)
        }
        return 2 * numbers.count
    }

    public func decode(_ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>) throws(CodecError) {
        guard bytes.count == 2 * numbers.count else {
            throw CodecError("has \(bytes.count) bytes of half precision, not \(2 * numbers.count)")
        }
        for i in 0..<numbers.count {
            let half = UInt32(bytes[unchecked: 2 * i]) | UInt32(bytes[unchecked: 2 * i + 1]) << 8
            numbers[unchecked: i] = HalfPrecision.value(half)
        }
    }
}
