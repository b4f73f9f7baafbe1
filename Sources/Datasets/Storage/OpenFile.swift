#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open file descriptor, closed when the value ends. Reads and writes go on after signals.
struct OpenFile: ~Copyable {
    /// Identity and state of a file: equal values mean that it has not been changed in between, provided that
    /// ``hasFineTimes``.
    ///
    /// The device is left out: hosts that share a file system number it differently, and the time of change
    /// tells two files of one inode number apart.
    struct Status: Equatable {
        let byteCount: Int
        let inode: Int
        let modifiedSeconds: Int
        let modifiedNanoseconds: Int
        /// Time at which contents, name or owner changed last, which no program can set.
        let changedSeconds: Int
        let changedNanoseconds: Int

        /// Whether the file system keeps times fine enough to tell two states apart. Images such as squashfs
        /// give the time of modification for that of change, in whole seconds, and number their files in order.
        var hasFineTimes: Bool { changedNanoseconds != 0 }

        /// The state as six numbers.
        var numbers: [Int] {
            [byteCount, inode, modifiedSeconds, modifiedNanoseconds, changedSeconds, changedNanoseconds]
        }
    }

    /// Path by which it was opened.
    let path: String
    /// The operating system's descriptor, valid as long as the value.
    let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens a file for reading.
    ///
    /// - Throws: ``DatasetError/unreadable(file:reason:)``.
    init(reading path: String) throws(DatasetError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: FileSystem.reason(errno)) }
        self.init(path: path, descriptor: descriptor)
    }

    /// Creates a file with a random name next to `path`, into whose place it can be renamed.
    ///
    /// - Returns: nil, with `errno` set, when it cannot be created.
    static func temporary(for path: String) -> OpenFile? {
        var template = Array("\(path).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let name = template.dropLast().map { UInt8(bitPattern: $0) }
        return OpenFile(path: String(decoding: name, as: UTF8.self), descriptor: descriptor)
    }

    /// Runs `body` while holding an exclusive lock on a file, which is created if need be. Blocks for up to
    /// `patience`.
    ///
    /// The lock only saves work, correctness must not rest on it: when it is not free within `patience` (its
    /// holder is stopped, or the file system has no locks) `body` runs without it.
    ///
    /// - Parameters:
    ///   - path: path of the lock file, which stays there.
    ///   - patience: longest wait.
    ///   - body: called exactly once.
    /// - Throws: whatever `body` throws.
    static func locking<Result>(
        _ path: String, patience: Duration, _ body: () throws(DatasetError) -> Result
    ) throws(DatasetError) -> Result {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        // Closing also unlocks.
        defer { if descriptor >= 0 { close(descriptor) } }
        let deadline = ContinuousClock.now + patience
        while descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else { break }
            usleep(2000)
        }
        return try body()
    }

    deinit { close(descriptor) }

    /// Current identity and state of the file.
    ///
    /// - Throws: ``DatasetError/unreadable(file:reason:)``, also for what is not a regular file.
    func status() throws(DatasetError) -> Status {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, reason: FileSystem.reason(errno)) }
        return try Status(status, path: path)
    }

    /// Current identity and state of the file of a path, which is not opened; links are followed.
    ///
    /// - Throws: ``DatasetError/unreadable(file:reason:)``, also for what is not a regular file.
    static func status(of path: String) throws(DatasetError) -> Status {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unreadable(file: path, reason: FileSystem.reason(errno)) }
        return try Status(status, path: path)
    }

    /// Reads on from where the last call ended.
    ///
    /// - Returns: number of bytes read, 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #else
            let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { throw .unreadable(file: path, reason: FileSystem.reason(errno)) }
        }
    }

    /// Reads some bytes, wherever the last call ended.
    ///
    /// - Parameters:
    ///   - count: number of bytes.
    ///   - offset: byte at which they begin.
    /// - Returns: the bytes from `offset` on, fewer than `count` at the end of the file.
    /// - Throws: ``DatasetError/unreadable(file:reason:)``.
    func read(_ count: Int, at offset: Int) throws(DatasetError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let read = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
                if read == 0 { break }
                if read > 0 { filled += read } else if errno != EINTR { failure = errno }
                if failure != 0 { break }
            }
        }
        if failure != 0 { throw .unreadable(file: path, reason: FileSystem.reason(failure)) }
        return bytes
    }

    /// Writes all the bytes, however many calls it takes.
    ///
    /// - Returns: nil on success, or why they could not be written.
    func write(_ bytes: UnsafeRawBufferPointer) -> String? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Glibc)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            #else
            let count = Darwin.write(descriptor, part.baseAddress, part.count)
            #endif
            if count < 0, errno != EINTR { return FileSystem.reason(errno) }
            rest = rest.dropFirst(max(count, 0))
        }
        return nil
    }
}

extension OpenFile.Status {
    /// Reads the operating system's answer.
    fileprivate init(_ status: stat, path: String) throws(DatasetError) {
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: path, reason: "not a regular file") }
        #if canImport(Darwin)
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        self.init(
            byteCount: Int(status.st_size), inode: Int(truncatingIfNeeded: status.st_ino),
            modifiedSeconds: Int(modified.tv_sec), modifiedNanoseconds: Int(modified.tv_nsec),
            changedSeconds: Int(changed.tv_sec), changedNanoseconds: Int(changed.tv_nsec))
    }
}
