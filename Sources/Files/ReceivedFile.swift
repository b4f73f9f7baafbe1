public import Foundation

/// A file of a folder that may have come from somebody else.
public enum ReceivedFile {
    /// Reads it whole; a symbolic link leads to what is read.
    /// - Throws: `FileError`, also when it is a pipe or a device, which might never end.
    public static func contents(_ file: URL, atMost limit: Int = .max) throws(FileError) -> [UInt8] {
        let descriptor = try Descriptor.reading(file.path)
        return try descriptor.contents(atMost: limit)
    }
}

extension ReceivedFile {
    /// Likewise, for Foundation's decoders.
    public static func data(_ file: URL) throws(FileError) -> Data { Data(try contents(file)) }
}

extension URL {
    /// Replaces the file whole, or leaves it as it was; a symbolic link in its place is replaced, not followed.
    /// - Throws: `FileError`
    public func replaceContents(with text: String) throws(FileError) {
        try replaceContents(with: Array(text.utf8))
    }

    public func replaceContents(with bytes: [UInt8]) throws(FileError) {
        try FileDraft.replace(path, with: bytes.span.bytes)
    }

    public func replaceContents(with data: Data) throws(FileError) {
        try FileDraft.replace(path, with: data.bytes)
    }
}
