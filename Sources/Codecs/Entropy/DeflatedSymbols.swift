import CZlib
public import FedCore

/// Symbols as bytes, deflated by zlib (RFC 1950), at its fastest level.
public struct DeflatedSymbols: EntropyStage {
    public static let name = "deflate"
    public static let summary = "zlib, which also finds what repeats; alone it is lossless compression of whole updates"
    public static let paper = "Deutsch, DEFLATE Compressed Data Format Specification, RFC 1951, 1996"

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// False: what repeats takes less.
    public var isFixedLength: Bool { false }

    /// zlib's own bound, slightly more than a byte a symbol.
    public func capacity(count: Int, planes: Int, alphabet: Int) -> Int { Int(compressBound(UInt(planes * count))) }

    /// Deflates all planes as one stream. Its bytes depend on zlib's version; what they say does not.
    /// - Precondition: `bytes` has as many as the capacity says.
    public func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int {
        var length = UInt(bytes.count)
        let code = bytes.withUnsafeMutableBufferPointer { output in
            symbols.withUnsafeBufferPointer { input in
                compress2(output.baseAddress, &length, input.baseAddress, UInt(input.count), Z_BEST_SPEED)
            }
        }
        precondition(code == Z_OK, "zlib cannot deflate \(symbols.count) bytes into \(bytes.count): code \(code)")
        return Int(length)
    }

    /// Inflates a stream into as many bytes as are asked for: one that would be longer is refused at that length.
    /// - Throws: `CodecError` when the bytes are not one stream of so many symbols.
    public func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let count = symbols.count
        var length = UInt(count)
        var used = UInt(bytes.count)
        let code = bytes.withUnsafeBufferPointer { input in
            symbols.withUnsafeMutableBufferPointer { output in
                uncompress2(output.baseAddress, &length, input.baseAddress, &used)
            }
        }
        guard code == Z_OK, length == UInt(count), used == UInt(bytes.count) else {
            throw CodecError("is no deflated stream of \(count) symbols (zlib's code \(code))")
        }
    }
}
