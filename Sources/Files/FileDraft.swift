#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The next contents of a file, written beside it under another name and renamed into its place.
///
/// Whoever reads the file sees the old contents or the new ones, never a part, also when the process is killed in
/// between: `rename` is atomic within a file system. A symbolic link in its place is replaced, never written through.
///
/// ```swift
/// var draft = try FileDraft(of: path)
/// try draft.write(bytes)
/// try draft.synchronize()
/// try draft.publish()
/// ```
///
/// A draft that is not published is removed with the value; one that a killed process left behind stays under
/// its own name.
public struct FileDraft: ~Copyable {
    /// The path of the file that it will be.
    public let path: String
    /// The path at which it is until then, in the same folder by default.
    public let draft: String
    /// The bytes written so far.
    public private(set) var count = 0
    private var isPublished = false
    private let descriptor: Descriptor

    /// Opens an empty draft beside a file.
    ///
    /// - Parameters:
    ///   - path: the path of the file, which need not be there; its folder must.
    ///   - draft: by default the file's path with the number of this process and `.draft`, so that two
    ///     processes do not meet. What has this name is removed.
    /// - Throws: ``FileError``, also when a folder, a pipe or a device has the file's name.
    public init(of path: String, named draft: String? = nil) throws(FileError) {
        let draft = draft ?? "\(path).\(getpid()).draft"
        descriptor = try Self.descriptor(of: path, draft)
        self.path = path
        self.draft = draft
    }

    /// Refuses what a rename must not replace, removes an old draft, and opens the new one.
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

    /// Adds bytes at the end.
    ///
    /// - Throws: ``FileError`` that names the file, not the draft, which the user does not know.
    public mutating func write(_ bytes: RawSpan) throws(FileError) {
        do throws(FileError) {
            try descriptor.write(bytes, at: count)
        } catch {
            throw FileError("write", path, code: error.code)
        }
        count += bytes.byteCount
    }

    /// Adds bytes at the end.
    public mutating func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes.span.bytes) }

    /// Waits until what was written is on the disk (`fsync`).
    ///
    /// Without it a power failure soon after ``publish()`` may leave an empty file under the name.
    public func synchronize() throws(FileError) {
        do throws(FileError) { try descriptor.synchronize() } catch {
            throw FileError("write", path, code: error.code)
        }
    }

    /// Renames the draft to the file's name; what had the name is gone. Done once.
    ///
    /// The name itself is on the disk only after `Folder.synchronize` of the folder.
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
    ///
    /// - Parameters:
    ///   - path: the path of the file, which need not be there; its folder must.
    ///   - bytes: the new contents.
    ///   - isSynced: whether the contents and the name are to be on the disk when this returns; costs two `fsync`.
    /// - Throws: ``FileError``; the file is then what it was.
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
