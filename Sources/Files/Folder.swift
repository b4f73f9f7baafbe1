#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Folders within a run's folder, which may have come from somebody else.
public enum Folder {
    /// Makes a folder, or takes the one that is there.
    /// - Throws: `FileError`, also when it is a symbolic link or a file.
    public static func make(_ path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return }
        guard errno == EEXIST else { throw FileError("make", path) }
        try check(path)
    }

    /// - Throws: `FileError` when it is a symbolic link, or no folder.
    public static func check(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw FileError("write into", path) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return
        case S_IFLNK: throw FileError("write into", path, reason: FileError.link, code: ELOOP)
        default: throw FileError("write into", path, code: ENOTDIR)
        }
    }

    /// Whether there is something of this name, be it a symbolic link that leads nowhere.
    public static func has(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Whether there is something of this name, and it is a symbolic link.
    public static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Waits until the names in it are on the disk.
    public static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("write into", path) }
        defer { close(descriptor) }
        // Some network file systems cannot sync a folder, and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw FileError("write into", path) }
    }

    /// The folder that a path's file is in.
    public static func above(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
