import CZlib
public import FedCore

/// Lossless compression of updates: the numbers' bytes ordered by significance, all highest bytes first, then deflated
/// by zlib. A run has the digest of one without a codec.
///
/// Sign and exponent of a layer's updates resemble each other, so their bytes shrink when they lie side by side; the
/// low bytes of the fraction are noise, and stay. The byte order is that of Blosc's shuffle (F. Alted, *Why Modern CPUs
/// Are Starving and What Can Be Done about It*, Computing in Science & Engineering 12(2), 2010); the stream is zlib's
/// (RFC 1950), at its fastest level, because slower ones gain little on noise and cost the clients time.
public struct DeflatedUpdates: NamedUpdateCodec {
    public static let name = "deflate"
    public static let summary = "lossless: byte planes, deflated by zlib"
    /// The code in an envelope.
    public let code: UInt32 = 3
    /// True: every bit is kept.
    public let isLossless = true
    /// False: nothing is lost.
    public let isBiased = false
    /// False: the length depends on the numbers.
    public let isFixedLength = false

    /// Takes no arguments.
    public init() {}

    /// zlib's own bound for 4 bytes a number: slightly more than without a codec, for an update that does not compress.
    public func capacity(count: Int, tensors: [CodecTensor]) -> Int { Int(compressBound(UInt(4 * count))) }

    /// Orders the bytes and deflates them.
    ///
    /// - Parameters:
    ///   - numbers: an update's numbers; their bit patterns are kept, NaN and infinities included.
    ///   - bytes: room for ``capacity(count:tensors:)`` bytes.
    ///   - context: is not looked at.
    /// - Returns: the bytes written; the length depends on the numbers and on zlib's version.
    /// - Complexity: O(count); allocates 4 bytes a number.
    /// - Precondition: `bytes` is large enough.
    public func encode(
        _ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext
    ) -> Int {
        var planes = [UInt8](repeating: 0, count: 4 * numbers.count)
        var span = planes.mutableSpan
        BytePlanes.split(numbers, into: &span)
        var length = UInt(bytes.count)
        let code = bytes.withUnsafeMutableBufferPointer { output in
            compress2(output.baseAddress, &length, planes, UInt(planes.count), Z_BEST_SPEED)
        }
        precondition(code == Z_OK, "zlib cannot deflate \(planes.count) bytes into \(bytes.count): code \(code)")
        return Int(length)
    }

    /// Inflates a stream and puts the bytes back in order.
    ///
    /// - Parameters:
    ///   - bytes: exactly one stream, without anything behind it.
    ///   - numbers: as many as were encoded.
    ///   - context: is not looked at.
    /// - Returns: the bytes, all of them symbols: bytes of four planes.
    /// - Throws: ``CodecError`` when the bytes are not a stream of exactly 4 bytes a number; then nothing is written. A
    ///   stream that would inflate to more is refused at that length, so that a hostile one cannot exhaust memory.
    /// - Complexity: O(count); allocates 4 bytes a number.
    public func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let count = numbers.count
        var planes = [UInt8](repeating: 0, count: 4 * count)
        var length = UInt(planes.count)
        var used = UInt(bytes.count)
        let code = bytes.withUnsafeBufferPointer { input in
            uncompress2(&planes, &length, input.baseAddress, &used)
        }
        guard code == Z_OK, length == UInt(planes.count), used == UInt(bytes.count) else {
            throw CodecError("is no deflated stream of \(4 * count) bytes (zlib's code \(code))")
        }
        BytePlanes.join(planes.span, into: &numbers)
        return CodedBytes(symbols: bytes.count, entropy: CodedBytes.entropy(of: planes.span, planes: 4))
    }
}
