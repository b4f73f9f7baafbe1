import CZlib

/// Decompresses a gzip file, or a member of a ZIP archive, with zlib, in constant memory: 256 KiB for each of
/// input and output.
///
/// A file may consist of several gzip members one behind the other, as `cat a.gz b.gz` makes it; their contents
/// are joined.
///
/// P. Deutsch, *GZIP file format specification version 4.3*, RFC 1952. The checksum of each member is verified
/// by zlib; that of an archive's member here.
final class Gunzip {
    /// Bytes read and handed on at a time.
    private static let chunkBytes = 1 << 18

    // At one address from init to deinit, which zlib relies on.
    private let stream: UnsafeMutablePointer<z_stream>
    private let path: String

    /// Sets zlib up, for gzip or, without a header, for the bare deflate streams of ZIP.
    ///
    /// - Throws: ``DatasetError/badGzip(file:reason:)`` when zlib refuses, e.g. for want of memory.
    private init(path: String, hasHeader: Bool) throws(DatasetError) {
        self.path = path
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits is the largest window; 16 more say that a gzip header and trailer are expected, a minus sign that
        // nothing of the kind is.
        let code = inflateInit2_(stream, hasHeader ? 15 + 16 : -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw failure(code) }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Decompresses a file from its current position.
    ///
    /// - Parameters:
    ///   - file: the open file.
    ///   - sink: called with the decompressed bytes, in order, in full chunks except the last one; they are
    ///     valid during the call only.
    /// - Throws: ``DatasetError/badGzip(file:reason:)`` when the file is not gzip, damaged, cut short or longer
    ///   than its last member; whatever `sink` throws.
    /// - Complexity: O(decompressed bytes).
    static func decompress(
        _ file: borrowing OpenFile, into sink: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let gunzip = try Gunzip(path: file.path, hasHeader: true)
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
        defer {
            input.deallocate()
            output.deallocate()
        }
        try gunzip.run(file, input, output, sink)
    }

    /// Decompresses a member of an archive.
    ///
    /// - Parameters:
    ///   - entry: the member, whose length and checksum are compared with what comes out.
    ///   - archive: the mapped archive.
    ///   - path: name of the file for error messages.
    ///   - sink: called with the decompressed bytes, in order; they are valid during the call only.
    /// - Throws: ``DatasetError/badGzip(file:reason:)`` when the member is damaged; whatever `sink` throws.
    static func decompress(
        _ entry: ZipFile.Entry, of archive: MappedFile, path: String,
        into sink: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let gunzip = try Gunzip(path: path, hasHeader: false)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
        defer { output.deallocate() }
        let stream = gunzip.stream
        // zlib does not write to its input.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: archive.address(of: entry.range))
            .assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(entry.range.count)
        var checksum: UInt = 0
        var size = 0
        var code = Z_OK
        while code == Z_OK {
            gunzip.emptied(output)
            code = inflate(stream, Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END else { throw gunzip.failure(code) }
            let chunk = UnsafeRawBufferPointer(rebasing: output[..<(output.count - Int(stream.pointee.avail_out))])
            size += chunk.count
            guard size <= entry.size else { break }
            checksum = crc32(checksum, chunk.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(chunk.count))
            try sink(chunk)
        }
        guard code == Z_STREAM_END, size == entry.size, checksum == UInt(entry.checksum), stream.pointee.avail_in == 0
        else { throw .badGzip(file: path, reason: "its length or its checksum is not what the archive says") }
    }

    /// The loop over a file: reads when zlib has used up its input, hands on when the output is full.
    private func run(
        _ file: borrowing OpenFile, _ input: UnsafeMutableRawBufferPointer, _ output: UnsafeMutableRawBufferPointer,
        _ sink: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        // Whether the bytes so far end with a complete member: the file may end here, or another member may follow.
        var complete = false
        emptied(output)
        while true {
            if stream.pointee.avail_in == 0 {
                let count = try file.read(into: input)
                if count == 0 { break }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(count)
            }
            if complete {
                // 31 begins a gzip header.
                guard stream.pointee.next_in.pointee == 31 else {
                    throw .badGzip(file: path, reason: "bytes after the end of the compressed data")
                }
                inflateReset(stream)
                complete = false
            }
            let code = inflate(stream, Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END else { throw failure(code) }
            complete = code == Z_STREAM_END
            if stream.pointee.avail_out == 0 {
                try sink(UnsafeRawBufferPointer(output))
                emptied(output)
            }
        }
        guard complete else { throw .badGzip(file: path, reason: "the file ends in the middle of the compressed data") }
        let left = output.count - Int(stream.pointee.avail_out)
        if left > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[..<left])) }
    }

    /// Gives zlib the whole output buffer again.
    private func emptied(_ output: UnsafeMutableRawBufferPointer) {
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
    }

    /// The error for a zlib code, with zlib's own text where it has one.
    private func failure(_ code: Int32) -> DatasetError {
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? String(cString: zError(code))
        return .badGzip(file: path, reason: reason)
    }
}
