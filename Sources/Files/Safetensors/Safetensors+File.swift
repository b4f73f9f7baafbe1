package import Foundation

extension Safetensors {
    /// Reads the text about a file alone, without its weights.
    ///
    /// - Throws: ``SafetensorsError`` for a header that cannot be right, or Foundation's error of the reading.
    package static func metadata(of file: URL) throws -> [String: String] {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        func read(_ count: Int) throws -> [UInt8] { [UInt8](try handle.read(upToCount: count) ?? Data()) }
        let header = try read(SafetensorsHeader.byteCount(read(SafetensorsHeader.prefixBytes)))
        return try SafetensorsHeader(parsing: header[...]).metadata
    }

    /// Reads a file's bytes: no more than its header promises, and one byte, by which ``init(decoding:)`` sees
    /// that it is too long.
    ///
    /// So neither a huge file nor a device that never ends fills the memory.
    ///
    /// - Throws: ``SafetensorsError`` for a header that cannot be right, or Foundation's error of the reading.
    package static func bytes(of file: URL) throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        func read(_ count: Int) throws -> [UInt8] { [UInt8](try handle.read(upToCount: count) ?? Data()) }
        var bytes = try read(SafetensorsHeader.prefixBytes)
        let header = try SafetensorsHeader.byteCount(bytes)
        bytes += try read(header)
        guard bytes.count == SafetensorsHeader.prefixBytes + header else { return bytes }
        let body = try bodyBytes(
            SafetensorsHeader(parsing: bytes[SafetensorsHeader.prefixBytes...]))
        return bytes + (try read(body + 1))
    }
}
