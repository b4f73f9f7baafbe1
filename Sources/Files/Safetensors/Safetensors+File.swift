package import Foundation

extension Safetensors {
    /// Reads no more of the file than its header promises, and one byte.
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
