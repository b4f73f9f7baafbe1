#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Folders within a run's folder, which may have come from somebody else.
///
/// An archive of a run may hold symbolic links that lead out of it. These functions never follow one at the
/// last part of a path; the folder that the user names, above them, may be a link.
public enum Folder {
    /// Makes a folder, or takes the one that is there. The folder above it must be there.
    ///
    /// - Throws: ``FileError``, also when the name is a symbolic link or a file.
    public static func make(_ path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return }
        guard errno == EEXIST else { throw FileError("make", path) }
        try check(path)
    }

    /// Checks that a path is a folder that may be written into.
    ///
    /// - Throws: ``FileError`` when it is a symbolic link, no folder, or not there.
    public static func check(_ path: String) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw FileError("write into", path) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return
        case S_IFLNK: throw FileError("write into", path, reason: FileError.link, code: ELOOP)
        default: throw FileError("write into", path, code: ENOTDIR)
        }
    }

    /// Whether there is something of this name, even a symbolic link that leads nowhere.
    public static func has(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Whether there is something of this name, and it is a symbolic link.
    public static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// Waits until the names in a folder are on the disk, as a rename needs it to outlive a power failure.
    ///
    /// - Throws: ``FileError``, but not on file systems that cannot do it.
    public static func synchronize(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("write into", path) }
        defer { close(descriptor) }
        // Some network file systems cannot sync a folder, and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw FileError("write into", path) }
    }

    /// The folder that a path's file is in: `.` for a bare name, `/` at the top. Looks at the text only.
    public static func above(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
