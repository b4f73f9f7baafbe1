/// One IDX file of unsigned bytes, mapped: a big-endian magic number and dimensions, then the bytes in
/// row-major order.
///
/// A `.gz` file is mapped from its decompressed copy in the cache, any other directly. Opening checks the
/// header against the length, and reads no data.
struct IDXFile: Sendable {
    /// The two kinds of file that a data set has; the raw value is part of the files' names.
    enum Kind: String, Sendable {
        case images, labels

        /// Number of dimensions: labels are `[count]`, images `[count, height, width]`.
        var rank: Int { self == .images ? 3 : 1 }
        /// The magic number: two zero bytes, 8 for unsigned bytes, the number of dimensions.
        var magic: UInt32 { 0x800 + UInt32(rank) }
        /// Bytes before the data: the magic number and a 32-bit number for each dimension.
        var headerBytes: Int { 4 + 4 * rank }
        /// The end of the files' names, e.g. `idx3-ubyte`.
        var suffix: String { "idx\(rank)-ubyte" }
    }

    /// Path of the file as the user knows it, not of its decompressed copy.
    let path: String
    /// Extent of each dimension, at least 1; the first is the number of samples.
    let dimensions: [Int]
    let bytes: MappedFile
    /// Byte in `bytes` at which the data begin.
    let dataOffset: Int

    /// Number of samples.
    var count: Int { dimensions[0] }

    /// Maps the file and checks its header.
    ///
    /// - Throws: ``DatasetError`` when the file cannot be read, is not an IDX file of this kind, or has another
    ///   length than its header promises.
    /// - Complexity: O(1), or the decompression the first time on a host.
    init(path: String, kind: Kind, cache: Cache) throws(DatasetError) {
        self.path = path
        bytes =
            if path.hasSuffix(".gz") {
                try cache.decompressed(path) { head throws(DatasetError) in
                    try Self.parse(head, kind, path: path).length
                }
            } else {
                try MappedFile(path: path)
            }
        let head = bytes.copy(0..<min(kind.headerBytes, bytes.count))
        let (dimensions, length) = try Self.parse(head, kind, path: path)
        guard bytes.count >= length else {
            throw .truncated(file: path, expectedBytes: length, actualBytes: bytes.count)
        }
        guard bytes.count == length else { throw .trailingBytes(file: path, expectedBytes: length) }
        self.dimensions = dimensions
        dataOffset = kind.headerBytes
    }

    /// Largest data byte. O(bytes).
    var largestByte: Int { bytes.largest(in: dataOffset..<bytes.count) }

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - head: the first bytes of the file, those of the header at least, if there are as many.
    ///   - kind: the kind that it should be.
    ///   - path: path for error messages.
    /// - Returns: the dimensions, and the length in bytes of the whole file.
    private static func parse(
        _ head: [UInt8], _ kind: Kind, path: String
    ) throws(DatasetError) -> (dimensions: [Int], length: Int) {
        func word(_ index: Int) -> UInt32 {
            head[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard head.count >= 4 else {
            throw .truncated(file: path, expectedBytes: kind.headerBytes, actualBytes: head.count)
        }
        guard word(0) == kind.magic else {
            if FileKind(head) == .gzip { throw .malformed(file: path, reason: "is compressed by gzip; name it .gz") }
            throw .wrongMagic(file: path, expected: kind.magic, actual: word(0))
        }
        guard head.count >= kind.headerBytes else {
            throw .truncated(file: path, expectedBytes: kind.headerBytes, actualBytes: head.count)
        }
        let dimensions = (1...kind.rank).map(word)
        var length = 1
        for dimension in dimensions {
            let (product, overflows) = length.multipliedReportingOverflow(by: Int(dimension))
            // A quarter of the address space leaves room for the header in every sum that follows.
            guard !overflows, product > 0, product < Int.max / 4 else {
                throw .badDimensions(file: path, dimensions: dimensions)
            }
            length = product
        }
        return (dimensions.map { Int($0) }, kind.headerBytes + length)
    }
}
