/// The bytes of a text file.
enum TextFile {
    /// Reads an open file from its beginning into memory, decompressed if it is gzip.
    ///
    /// - Throws: ``DatasetError`` when it is not text: the message says what it is, and what to do.
    /// - Complexity: O(file), which is all in memory.
    static func bytes(of file: borrowing OpenFile) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        if FileKind(try file.read(FileKind.headBytes, at: 0)) == .gzip {
            try Gunzip.decompress(file) { bytes.append(contentsOf: $0) }
        } else {
            let mapped = try MappedFile(file)
            bytes = mapped.copy(0..<mapped.count)
        }
        if let kind = FileKind(Array(bytes.prefix(FileKind.headBytes))) {
            throw .malformed(file: file.path, reason: "\(kind.description), not text in UTF-8: \(kind.remedyForText)")
        }
        if let zero = bytes.firstIndex(of: 0) {
            let line = 1 + bytes[..<zero].count { $0 == UInt8(ascii: "\n") }
            throw .malformed(file: file.path, reason: "line \(line) holds a NUL byte: it is no text")
        }
        return bytes
    }
}
