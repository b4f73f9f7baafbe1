import FedCore

#if canImport(Glibc)
public import Glibc
#else
import Musl
#endif

/// A file or a folder that could not be made, written or read.
///
/// It is the only error of this target's file functions. Its text is one line in plain words that names the
/// path, safe to print (`printable`).
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// The verb for what was to be done, as in "cannot write …": `write`, `read`, `make`, `write into`.
    public let action: String
    /// The path as the caller gave it; not yet made safe for a terminal.
    public let path: String
    /// The operating system's error number; 0 where fedmpi itself refused.
    public let code: Int32
    /// The reason in plain words, without the path.
    public let reason: String

    /// Makes the error of a system call.
    ///
    /// - Parameters:
    ///   - action: the verb for what was to be done.
    ///   - path: the path of the file or folder.
    ///   - code: the error number; by default that of the last call of this thread, so nothing may be called in
    ///     between.
    public init(_ action: String, _ path: String, code: Int32 = errno) {
        self.init(action, path, reason: Self.reason(code), code: code)
    }

    /// Makes an error with a reason of fedmpi's own, or one that a caller has put into words.
    public init(_ action: String, _ path: String, reason: String, code: Int32 = 0) {
        self.action = action
        self.path = path
        self.code = code
        self.reason = reason
    }

    /// Whether there is no room: the disk, or the user's share of it, is full.
    ///
    /// It may have room again later, so writers keep what they have and try again.
    public var isForWantOfRoom: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the folder or the file is no more there. A run's folder is then made again.
    public var isGone: Bool { code == ENOENT || code == ENOTDIR || code == ESTALE }

    /// The whole line: what could not be done, to which path, and why.
    public var description: String { "cannot \(action) '\(path.printable)': \(reason)" }

    /// What an error number means, in plain words; the system's own text where this table has none.
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

    /// The reason for refusing a symbolic link, where the system refused with `ELOOP` or fedmpi itself did.
    static let link = "it is a symbolic link, through which fedmpi does not write"
}
