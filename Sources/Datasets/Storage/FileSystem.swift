#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The few questions to the operating system that the data sets ask, without Foundation's start-up time.
enum FileSystem {
    /// Whether there is a file or folder of this name; links are followed.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether the path is a folder; links are followed.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Names in a folder, without `.` and `..`, in no particular order; empty when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether the path is a folder, not a link to one, that belongs to this user: in a folder that everybody
    /// can write, someone else may have made it first.
    static func isOwnFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
    }

    /// Makes a folder and those above it, with access for this user only.
    ///
    /// - Returns: nil on success, or why it could not be made.
    static func makeFolder(_ path: String) -> String? {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += part + "/"
            if mkdir(made, 0o700) != 0, !isFolder(made) { return reason(errno) }
        }
        return nil
    }

    /// The path without links and relative parts, or the path itself when there is no such file.
    static func canonical(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Value of an environment variable; nil when it is not set.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }

    /// The operating system's own text for an error number.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
