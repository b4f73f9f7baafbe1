package import Foundation

extension Safetensors {
    /// Reads the text about a file alone, without its weights.
    ///
    /// - Throws: ``SafetensorsError`` for a header that cannot be right, or Foundation's error of the reading.
    package static func metadata(of file: URL) throws -> [String: String] {
        try reading(file) { start, _, _ in
            try SafetensorsHeader(parsing: start[SafetensorsHeader.prefixBytes...]).metadata
        }
    }

    /// Reads a file's bytes: no more than its header promises, and one byte, by which ``init(decoding:)`` sees
    /// that it is too long.
    ///
    /// So neither a huge file nor a device that never ends fills the memory.
    ///
    /// - Throws: ``SafetensorsError`` for a header that cannot be right, or Foundation's error of the reading.
    package static func bytes(of file: URL) throws -> [UInt8] {
        try reading(file) { start, isWhole, read in
            guard isWhole else { return start }
            let body = try bodyBytes(SafetensorsHeader(parsing: start[SafetensorsHeader.prefixBytes...]))
            return start + (try read(body + 1))
        }
    }

    /// Opens a file and reads as far as its header goes.
    ///
    /// - Parameter body: gets the bytes so far, whether the file has as many as it promises, and what reads on.
    private static func reading<Result>(
        _ file: URL, _ body: ([UInt8], _ isWhole: Bool, _ read: (Int) throws -> [UInt8]) throws -> Result
    ) throws -> Result {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        func read(_ count: Int) throws -> [UInt8] { [UInt8](try handle.read(upToCount: count) ?? Data()) }
        let prefix = try read(SafetensorsHeader.prefixBytes)
        let header = try SafetensorsHeader.byteCount(prefix)
        let start = prefix + (try read(header))
        return try body(start, start.count == prefix.count + header, read)
    }
}
