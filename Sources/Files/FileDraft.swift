#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The next contents of a file, written beside it under another name and renamed into its place: whoever reads the file sees the
/// old contents or the new ones. A symbolic link in its place is replaced, never written through.
///
/// A draft that is not published goes with the value.
public struct FileDraft: ~Copyable {
    /// The file that it will be.
    public let path: String
    /// Where it is until then.
    public let draft: String
    /// Bytes written so far.
    public private(set) var count = 0
    private var isPublished = false
    private let descriptor: Descriptor

    /// - Parameters:
    ///   - path: of the file, which need not be there; its folder must.
    ///   - draft: by default the file's path with the number of this process and `.draft`. What has this name is removed.
    /// - Throws: `FileError`, also when a folder, a pipe or a device has the file's name.
    public init(of path: String, named draft: String? = nil) throws(FileError) {
        let draft = draft ?? "\(path).\(getpid()).draft"
        descriptor = try Self.descriptor(of: path, draft)
        self.path = path
        self.draft = draft
    }

    private static func descriptor(of path: String, _ draft: String) throws(FileError) -> Descriptor {
        var status = stat()
        if lstat(path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFREG, S_IFLNK: break
            case S_IFDIR: throw FileError("write", path, code: EISDIR)
            default: throw FileError("write", path, reason: "it is no file, but a pipe or a device")
            }
        }
        _ = unlink(draft)
        do throws(FileError) {
            return try Descriptor(creating: draft)
        } catch {
            // What the user knows is the file.
            throw FileError("write", path, code: error.code)
        }
    }

    public mutating func write(_ bytes: RawSpan) throws(FileError) {
        do throws(FileError) {
            try descriptor.write(bytes, at: count)
        } catch {
            throw FileError("write", path, code: error.code)
        }
        count += bytes.byteCount
    }

    public mutating func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes.span.bytes) }

    /// Waits until what was written is on the disk.
    public func synchronize() throws(FileError) {
        do throws(FileError) { try descriptor.synchronize() } catch {
            throw FileError("write", path, code: error.code)
        }
    }

    /// Gives it the file's name; whatever had the name is gone.
    public mutating func publish() throws(FileError) {
        precondition(!isPublished, "a draft is published once")
        guard rename(draft, path) == 0 else { throw FileError("write", path) }
        isPublished = true
    }

    deinit {
        if !isPublished { unlink(draft) }
    }
}

extension FileDraft {
    /// Replaces a file whole, or leaves it as it was.
    /// - Parameter isSynced: whether it is to be on the disk, its name too, when this returns.
    public static func replace(
        _ path: String, with bytes: RawSpan, isSynced: Bool = false
    ) throws(FileError) {
        var draft = try FileDraft(of: path)
        try draft.write(bytes)
        if isSynced { try draft.synchronize() }
        try draft.publish()
        if isSynced { try Folder.synchronize(Folder.above(path)) }
    }
}
