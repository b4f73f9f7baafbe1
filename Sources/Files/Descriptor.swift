#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// An open regular file, closed when the value ends.
///
/// All of the target's reading and writing goes through it, so that one place decides what may be opened:
/// folders, pipes and devices are refused, and nothing is written through a symbolic link. Reads and writes
/// name their offset, so the value keeps no position. Every call repeats what a signal interrupted (`EINTR`)
/// and what the system did only in part.
struct Descriptor: ~Copyable {
    /// The path that it was opened by, for messages; the file may have lost that name since.
    let path: String
    /// The operating system's descriptor.
    let number: Int32

    private init(path: String, number: Int32) {
        self.path = path
        self.number = number
    }

    /// Makes a file that was not there before. A symbolic link of that name is an error, wherever it leads.
    ///
    /// - Throws: ``FileError`` with `EEXIST` when anything has the name.
    init(creating path: String) throws(FileError) {
        let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard number >= 0 else { throw FileError("write", path) }
        self.init(path: path, number: number)
    }

    /// Opens a regular file for writing that is there, has no second name, and is not a symbolic link.
    ///
    /// In a folder from elsewhere a hard link could lead to any file of the user, just as a symbolic one could.
    ///
    /// - Throws: ``FileError``, also for a folder, a pipe, a device or a hard link.
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

    /// Opens a regular file that is there, for reading; a symbolic link is followed.
    ///
    /// - Throws: ``FileError``, also for a folder, a pipe or a device.
    static func reading(_ path: String) throws(FileError) -> Descriptor {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw FileError("read", path) }
        let file = Descriptor(path: path, number: number)
        _ = try file.status("read")
        return file
    }

    deinit { close(number) }

    /// What the system knows of the open file, its size among it.
    ///
    /// - Parameter action: the verb of the error, `read` or `write`.
    /// - Throws: ``FileError``, also when it is not a regular file.
    func status(_ action: String) throws(FileError) -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw FileError(action, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw FileError(action, path, reason: isFolder ? "it is a folder" : "it is no file, but a pipe or a device")
        }
        return status
    }

    /// Writes all the bytes at `offset`, over what stands there or behind the end.
    ///
    /// - Throws: ``FileError``; some of the bytes may then be in the file.
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

    /// All bytes of the file, as many as it had when the call began.
    ///
    /// - Parameter limit: the most bytes that the caller is ready to hold in memory.
    /// - Throws: ``FileError``, also when the file is longer than `limit`; nothing is read then.
    func contents(atMost limit: Int) throws(FileError) -> [UInt8] {
        let size = Int(try status("read").st_size)
        guard size <= limit else {
            throw FileError("read", path, reason: "it has \(size) bytes; at most \(limit) are read")
        }
        return try contents(from: 0, atMost: size)
    }

    /// The bytes from `offset` on, at most `size`; fewer where the file ends before.
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

    /// Whether the path leads to this file, to another one, or to nothing; two system calls.
    ///
    /// Device and inode decide, so that a file that was moved away and another put in its place is noticed.
    var place: GrowingFile.Place {
        var (own, found) = (stat(), stat())
        guard fstat(number, &own) == 0, lstat(path, &found) == 0 else { return .gone }
        return own.st_ino == found.st_ino && own.st_dev == found.st_dev ? .here : .taken
    }

    /// Cuts the file off, or fills it up with zeros, to `length` bytes.
    func truncate(to length: Int) throws(FileError) {
        guard ftruncate(number, off_t(length)) == 0 else { throw FileError("write", path) }
    }

    /// Waits until the contents are on the disk (`fsync`); takes milliseconds or more on a hard disk.
    func synchronize() throws(FileError) {
        // Some special file systems cannot, and need not.
        guard fsync(number) == 0 || errno == EINVAL || errno == ENOTSUP else { throw FileError("write", path) }
    }
}
