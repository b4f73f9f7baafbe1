import FedCore

#if canImport(Glibc)
public import Glibc
#else
import Musl
#endif

/// A file or a folder that could not be made, written or read.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was to be done: `write`, `read`, `make`.
    public let action: String
    public let path: String
    /// The operating system's error number; 0 where fedmpi itself refused.
    public let code: Int32
    /// In plain words.
    public let reason: String

    /// - Parameter code: by default that of the last call of this thread.
    public init(_ action: String, _ path: String, code: Int32 = errno) {
        self.init(action, path, reason: Self.reason(code), code: code)
    }

    public init(_ action: String, _ path: String, reason: String, code: Int32 = 0) {
        self.action = action
        self.path = path
        self.code = code
        self.reason = reason
    }

    /// Whether there is no room: the disk, or the user's share of it, is full. It may have room again later.
    public var isForWantOfRoom: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the folder, or the file, is not there any more.
    public var isGone: Bool { code == ENOENT || code == ENOTDIR || code == ESTALE }

    public var description: String { "cannot \(action) '\(path.printable)': \(reason)" }

    /// What an error number says, in plain words.
    public static func reason(_ code: Int32) -> String {
        switch code {
        case ENOSPC: "the disk is full"
        case EDQUOT: "your quota of this disk is used up"
        case EFBIG: "it would be larger than files may be here (ulimit -f)"
        case EACCES, EPERM: "permission denied"
        case EROFS: "the file system is read-only"
        case ENOENT: "there is no such file or folder"
        case ENOTDIR: "a part of its path is not a folder"
        case EISDIR: "it is a folder"
        case ELOOP: link
        case EEXIST: "it exists"
        case ENAMETOOLONG: "its name is too long"
        case EMFILE, ENFILE: "too many files are open (ulimit -n)"
        default: String(cString: strerror(code))
        }
    }

    static let link = "it is a symbolic link, through which fedmpi does not write"
}
