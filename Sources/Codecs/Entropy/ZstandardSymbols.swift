import CZstd
public import FedCore

/// Symbols as bytes, packed by Zstandard (Y. Collet, M. Kucherawy, RFC 8878), one frame without a checksum: finds what
/// repeats, as deflate does, and packs the rest by finite-state entropy, a variant of what ``RangeANS`` does. For
/// comparison with both: symbols of an update hardly repeat.
public struct ZstandardSymbols: EntropyStage {
    public static let name = "zstd"
    public static let summary = "Zstandard at level 1 to 19 (3), which also finds what repeats: for comparison"
    public static let paper = "Collet and Kucherawy, Zstandard Compression, RFC 8878, 2021"
    public static let positional = ["level"]

    /// Level, 1 … 19: from the fastest to the densest that needs no more memory to read.
    public let level: Int

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        level = try reader.integer("level", default: 3, "from 1 to 19") { (1...19).contains($0) }
    }

    /// False: what repeats takes less.
    public var isFixedLength: Bool { false }

    /// Zstandard's own bound, slightly more than a byte a symbol.
    public func capacity(count: Int, planes: Int, alphabet: Int) -> Int { ZSTD_compressBound(planes * count) }

    /// Packs all planes as one frame. Its bytes depend on the library's version; what they say does not.
    /// - Precondition: `bytes` has as many as the capacity says.
    public func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int {
        let length = bytes.withUnsafeMutableBufferPointer { output in
            symbols.withUnsafeBufferPointer { input in
                ZSTD_compress(output.baseAddress, output.count, input.baseAddress, input.count, Int32(level))
            }
        }
        precondition(ZSTD_isError(length) == 0, "Zstandard cannot pack \(symbols.count) bytes into \(bytes.count)")
        return length
    }

    /// Unpacks a frame into as many bytes as are asked for: one that would be longer is refused at that length, so that a
    /// hostile one cannot exhaust memory.
    /// - Throws: `CodecError` when the bytes are not one frame of so many symbols.
    public func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let count = symbols.count
        let isFrame = bytes.withUnsafeBufferPointer { input in
            // Otherwise further frames, and such as are skipped, might follow.
            guard ZSTD_findFrameCompressedSize(input.baseAddress, input.count) == input.count else { return false }
            return symbols.withUnsafeMutableBufferPointer { output in
                ZSTD_decompress(output.baseAddress, output.count, input.baseAddress, input.count) == output.count
            }
        }
        guard isFrame else { throw CodecError("is no Zstandard frame of \(count) symbols") }
    }
}
