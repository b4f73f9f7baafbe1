import FedCore
import Files
import Runtime

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Records of one length in a file, each a client's state with its checksum. All reads and writes are positioned
/// (`pread`, `pwrite`), so that the descriptor has no state of its own.
final class StateFile {
    private let path: String
    /// The open file; closed with this object.
    private let descriptor: Int32
    private let floats: Int
    /// Bytes of a record: 16 of prefix, 4 for each float.
    private let recordBytes: Int
    /// Memory for one record under way, reused.
    private var bytes: [UInt8]

    /// The first bytes of the file.
    private static let magic = Array("FEDMPIST".utf8)
    private static let version: UInt32 = 1
    private static let headerBytes = 64
    /// Bytes of a record before its floats: client, checksum, and zeros that keep the floats aligned.
    private static let prefixBytes = 16

    /// Opens the file with these flags, besides those that every opening has, and makes room for one record.
    /// - Throws: `ClientStatesError` with the system's reason.
    private init(_ path: String, _ flags: Int32, floats: Int) throws(ClientStatesError) {
        self.path = path
        self.floats = floats
        recordBytes = Self.prefixBytes + floats * 4
        bytes = [UInt8](repeating: 0, count: recordBytes)
        // Never through a symbolic link: the run's folder may be somebody else's.
        descriptor = open(path, flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ClientStatesError(path: path, reason: Self.lastError) }
    }

    deinit { close(descriptor) }

    /// Makes a new file with a header; one of that name is deleted first.
    /// - Throws: `ClientStatesError`, for all functions here: the path and a reason in plain words.
    convenience init(creating path: String, floats: Int) throws(ClientStatesError) {
        _ = unlink(path)
        try self.init(path, O_CREAT | O_EXCL, floats: floats)
        try transfer(Self.header(floats: floats), at: 0)
    }

    /// Opens a file of an earlier run, and checks its header: magic, version and length of a state.
    convenience init(opening path: String, floats: Int) throws(ClientStatesError) {
        try self.init(path, 0, floats: floats)
        var found = [UInt8](repeating: 0, count: Self.headerBytes)
        try fetch(&found, at: 0)
        guard found == Self.header(floats: floats) else {
            throw error("it is not of this run, this model or this version of fedmpi")
        }
    }

    /// The header of a file of states of this length.
    private static func header(floats: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: headerBytes)
        for (i, byte) in magic.enumerated() { header[i] = byte }
        var span = header.mutableSpan
        span.store(version, at: 8)
        span.store(UInt64(floats), at: 16)
        return header
    }

    /// The client that a record belongs to, read from its prefix; the state itself is not checked. 16 bytes.
    func client(of record: Int) throws(ClientStatesError) -> Int {
        var prefix = [UInt8](repeating: 0, count: Self.prefixBytes)
        try fetch(&prefix, at: offset(record))
        return Int(prefix.span.load(UInt32.self, at: 0))
    }

    /// Writes a client's state as a record, over whatever is there. O(floats), one write.
    /// - Parameters:
    ///   - state: `[floats]`.
    ///   - client: the client, which the record names.
    ///   - record: number of the record, from 0; may be one behind the last.
    func write(_ state: Span<Float>, of client: Int, to record: Int) throws(ClientStatesError) {
        var span = bytes.mutableSpan
        span.store(UInt32(client), at: 0)
        for i in 0..<floats { span.store(state[unchecked: i].bitPattern, at: Self.prefixBytes + 4 * i) }
        span.store(checksum(span.span), at: 4)
        try transfer(bytes, at: offset(record))
    }

    /// Reads a record and checks that it is this client's and undamaged. O(floats), one read.
    /// - Parameters:
    ///   - record: number of the record.
    ///   - client: the client that it must name.
    ///   - state: receives the floats, `[floats]`.
    /// - Throws: `ClientStatesError` when the client or the checksum is another, or the file ends before.
    func read(_ record: Int, of client: Int, into state: inout MutableSpan<Float>) throws(ClientStatesError) {
        try fetch(&bytes, at: offset(record))
        let bytes = self.bytes
        let span = bytes.span
        guard span.load(UInt32.self, at: 0) == UInt32(client), span.load(UInt32.self, at: 4) == checksum(span) else {
            throw error("the state of client \(client) is damaged")
        }
        for i in 0..<floats {
            state[unchecked: i] = Float(bitPattern: span.load(UInt32.self, at: Self.prefixBytes + 4 * i))
        }
    }

    /// Makes the file again when its folder was deleted and made again during the run: an open file's content can still
    /// be read. Does nothing where there is no folder, because no checkpoint will be there, either. O(file) when it
    /// copies.
    func remakeIfGone() throws(ClientStatesError) {
        var found = stat()
        guard lstat(path, &found) != 0, errno == ENOENT, fstat(descriptor, &found) == 0 else { return }
        let size = Int(found.st_size)
        let new = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        // Where there is no folder no checkpoint will name it, either.
        guard new >= 0 else { return }
        defer { close(new) }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        for start in stride(from: 0, to: size, by: block.count) {
            if size - start < block.count { block = [UInt8](repeating: 0, count: size - start) }
            try fetch(&block, at: start)
            try transfer(block, at: start, to: new)
        }
        guard dup2(new, descriptor) >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) >= 0 else {
            throw error(Self.lastError)
        }
    }

    /// Waits until the data are on disk (`fdatasync`): a checkpoint must not name what a power cut could take.
    func synchronize() throws(ClientStatesError) {
        guard fdatasync(descriptor) == 0 else { throw error(Self.lastError) }
    }

    /// CRC-32C of a record with the checksum's own field as 0.
    private func checksum(_ record: Span<UInt8>) -> UInt32 { record.checksum(withFieldAt: 4) }

    /// Where a record begins, in bytes.
    private func offset(_ record: Int) -> Int { Self.headerBytes + record * recordBytes }

    /// Writes all bytes at an offset, however many calls that takes; interrupted calls are repeated.
    /// - Parameters:
    ///   - bytes: what is written.
    ///   - offset: where, in bytes from the file's beginning.
    ///   - file: another open file; nil for this one.
    private func transfer(_ bytes: [UInt8], at offset: Int, to file: Int32? = nil) throws(ClientStatesError) {
        let file = file ?? descriptor
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(file, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw error(Self.lastError) }
            done += count
        }
    }

    /// Fills `bytes` from an offset; a file that ends before is an error.
    private func fetch(_ bytes: inout [UInt8], at offset: Int) throws(ClientStatesError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw error(Self.lastError) }
            guard count > 0 else { throw error("it is cut off") }
            done += count
        }
    }

    /// An error about this file.
    private func error(_ reason: String) -> ClientStatesError { ClientStatesError(path: path, reason: reason) }

    /// The reason of the last failed call, in plain words.
    private static var lastError: String { FileError.reason(errno) }
}
