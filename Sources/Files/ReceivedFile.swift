public import Foundation

/// A file of a folder that may have come from somebody else: read with a limit, and only if reading it can end.
public enum ReceivedFile {
    /// Reads a file whole; a symbolic link leads to what is read.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - limit: the most bytes that the caller is ready to hold.
    /// - Throws: ``FileError``, also when it is longer than `limit`, or a pipe or a device, which might never end.
    public static func contents(_ file: URL, atMost limit: Int = .max) throws(FileError) -> [UInt8] {
        let descriptor = try Descriptor.reading(file.path)
        return try descriptor.contents(atMost: limit)
    }
}

extension ReceivedFile {
    /// Reads a file whole, for Foundation's decoders; otherwise like ``contents(_:atMost:)`` without a limit.
    public static func data(_ file: URL) throws(FileError) -> Data { Data(try contents(file)) }
}

extension URL {
    /// Replaces the file whole, or leaves it as it was; a symbolic link in its place is replaced, not followed.
    ///
    /// For files of a run that are written once or seldom. They are not synced: what must outlive a power
    /// failure uses ``FileDraft``.
    ///
    /// - Throws: ``FileError``; the file is then what it was.
    public func replaceContents(with text: String) throws(FileError) {
        try replaceContents(with: Array(text.utf8))
    }

    /// Replaces the file's contents with bytes, whole or not at all.
    public func replaceContents(with bytes: [UInt8]) throws(FileError) {
        try FileDraft.replace(path, with: bytes.span.bytes)
    }

    /// Replaces the file's contents with data, whole or not at all.
    public func replaceContents(with data: Data) throws(FileError) {
        try FileDraft.replace(path, with: data.bytes)
    }
}
