/// A file that is written piece by piece, such as a log; never through a symbolic link.
public final class GrowingFile {
    public let path: String
    /// Bytes that it has.
    public private(set) var count: Int
    private let descriptor: Descriptor

    /// Makes it; what had its name is gone.
    /// - Parameter contents: which are there as soon as the name is.
    public init(replacing path: String, with contents: RawSpan? = nil) throws(FileError) {
        self.path = path
        var draft = try FileDraft(of: path)
        if let contents { try draft.write(contents) }
        try draft.publish()
        descriptor = try Descriptor.continuing(path)
        count = draft.count
    }

    /// Opens one that is there.
    /// - Parameter count: how many of its bytes count, those behind are cut off; nil: all.
    /// - Throws: `FileError`, also when it has not so many, when it is a link, or no file.
    public init(continuing path: String, at count: Int? = nil) throws(FileError) {
        self.path = path
        descriptor = try Descriptor.continuing(path)
        let size = Int(try descriptor.status("write").st_size)
        guard count ?? 0 <= size else {
            throw FileError("write", path, reason: "it is cut off: it has \(size) bytes instead of \(count ?? 0)")
        }
        self.count = count ?? size
        if self.count < size { try descriptor.truncate(to: self.count) }
    }

    /// Adds bytes at its end, all or none: what was written of a piece that does not fit is taken back.
    public func append(_ bytes: RawSpan) throws(FileError) {
        do throws(FileError) {
            try descriptor.write(bytes, at: count)
        } catch {
            try? descriptor.truncate(to: count)
            throw error
        }
        count += bytes.byteCount
    }

    /// Replaces what stands from `offset` on.
    public func write(_ bytes: RawSpan, from offset: Int) throws(FileError) {
        try descriptor.write(bytes, at: offset)
        let end = offset + bytes.byteCount
        if end < count { try descriptor.truncate(to: end) }
        count = end
    }

    /// All its bytes.
    public func contents() throws(FileError) -> [UInt8] { try descriptor.contents(atMost: .max) }

    /// Waits until what was written is on the disk.
    public func synchronize() throws(FileError) { try descriptor.synchronize() }
}
