#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// An open file, closed when the value ends.
struct Descriptor: ~Copyable {
    let path: String
    let number: Int32

    private init(path: String, number: Int32) {
        self.path = path
        self.number = number
    }

    /// A file that was not there before. A symbolic link of that name is no place for it.
    init(creating path: String) throws(FileError) {
        let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard number >= 0 else { throw FileError("write", path) }
        self.init(path: path, number: number)
    }

    /// A regular file that is there, under no other name, and is not a symbolic link.
    static func continuing(_ path: String) throws(FileError) -> Descriptor {
        // Without waiting for the other end of a pipe.
        let number = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw FileError("write", path) }
        let file = Descriptor(path: path, number: number)
        guard try file.status("write").st_nlink <= 1 else {
            throw FileError("write", path, reason: "it is a hard link: another file has the same contents")
        }
        return file
    }

    /// A regular file that is there.
    static func reading(_ path: String) throws(FileError) -> Descriptor {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw FileError("read", path) }
        let file = Descriptor(path: path, number: number)
        _ = try file.status("read")
        return file
    }

    deinit { close(number) }

    /// - Throws: when it is no regular file, too.
    func status(_ action: String) throws(FileError) -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FileError(action, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw FileError(action, path, reason: isFolder ? "it is a folder" : "it is no file, but a pipe or a device")
        }
        return status
    }

    /// Writes all the bytes.
    func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        let code = bytes.withUnsafeBytes { bytes -> Int32 in
            var done = 0
            while done < bytes.count {
                let count = pwrite(
                    number, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
                if count > 0 { done += count } else if count == 0 { return EIO } else if errno != EINTR { return errno }
            }
            return 0
        }
        guard code == 0 else { throw FileError("write", path, code: code) }
    }

    /// All its bytes.
    func contents(atMost limit: Int) throws(FileError) -> [UInt8] {
        let size = Int(try status("read").st_size)
        guard size <= limit else {
            throw FileError("read", path, reason: "it has \(size) bytes; at most \(limit) are read")
        }
        return try contents(from: 0, atMost: size)
    }

    /// Bytes from `offset` on, as far as there are any.
    func contents(from offset: Int, atMost size: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var done = 0
        while done < size {
            let count = bytes.withUnsafeMutableBytes {
                pread(number, $0.baseAddress?.advanced(by: done), size - done, off_t(offset + done))
            }
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw FileError("read", path)
            }
        }
        bytes.removeLast(size - done)
        return bytes
    }

    /// What its path leads to.
    var place: GrowingFile.Place {
        var (own, found) = (stat(), stat())
        guard fstat(number, &own) == 0, lstat(path, &found) == 0 else { return .gone }
        return own.st_ino == found.st_ino && own.st_dev == found.st_dev ? .here : .taken
    }

    func truncate(to length: Int) throws(FileError) {
        guard ftruncate(number, off_t(length)) == 0 else { throw FileError("write", path) }
    }

    func synchronize() throws(FileError) {
        // Some special file systems cannot, and need not.
        guard fsync(number) == 0 || errno == EINVAL || errno == ENOTSUP else { throw FileError("write", path) }
    }
}
