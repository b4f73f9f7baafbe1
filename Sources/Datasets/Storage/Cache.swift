import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Copies of files in a form that can be mapped (decompressed, or text turned into numbers), made once for each
/// user and host and then mapped by every rank.
///
/// Without it, every rank would decompress every file at every start and hold the result in memory of its own.
///
/// A copy begins with a header that names its source (`SourceMark`) and its own length; one that does not fit
/// is made again. It is written under another name and then renamed, so that nobody sees half of one, however
/// many ranks and runs start at once; a lock lets one rank do the work while the others wait. Old copies are
/// never deleted: a file's copy has one name, so a changed file replaces it.
struct Cache: Sendable {
    /// Bytes before the copy's contents.
    static let headerBytes = 128
    /// Bytes of the header that are free for the state of other files.
    private static let mostStateBytes = 32
    /// Longest wait for another rank that makes the copy, longer than the making of any; after it a rank stops
    /// waiting for a holder that may be stopped.
    static let patience = Duration.seconds(60)
    /// Bytes of a source's name with which its copy's name begins: file systems allow 255 in all.
    private static let longestName = 200

    /// Folders in the order in which they are tried.
    let folders: [String]
    /// Whether the user named the folder: it is then used as it is, and there is no other to fall back on.
    let isExplicit: Bool

    /// Chooses the folders; nothing is made yet.
    ///
    /// - Parameters:
    ///   - folder: the user's folder; nil takes what the environment says, see ``DatasetOptions/cacheFolder``.
    ///   - environment: the value of an environment variable; tests give their own.
    init(folder: String?, environment: (String) -> String? = FileSystem.environment) {
        func setting(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        if let folder = folder ?? setting("FEDMPI_CACHE") {
            folders = [folder]
            isExplicit = true
            return
        }
        let home = setting("XDG_CACHE_HOME") ?? setting("HOME").map { $0 + "/.cache" }
        let temporary = "\(setting("TMPDIR") ?? "/tmp")/fedmpi-\(geteuid())"
        folders = (home.map { [$0 + "/fedmpi"] } ?? []) + [temporary]
        isExplicit = false
    }

    /// Maps the decompressed copy of a gzip file, after making it if there is none that fits.
    ///
    /// - Parameters:
    ///   - path: path of the compressed file.
    ///   - expectedLength: the decompressed length in bytes, from the first 64 decompressed bytes (fewer if
    ///     there are fewer). It ends a file that decompresses to more than its header promises before it fills
    ///     the disk.
    /// - Throws: ``DatasetError`` with what is wrong with the file, `expectedLength`'s own errors, or
    ///   ``DatasetError/cache(folder:reason:)``.
    /// - Complexity: O(decompressed bytes) when the copy has to be made, in constant memory; else one `mmap`.
    func decompressed(
        _ path: String, expectedLength: ([UInt8]) throws(DatasetError) -> Int
    ) throws(DatasetError) -> MappedFile {
        try copy(of: path) { source, write throws(DatasetError) in
            var length = 0
            var written = 0
            try Gunzip.decompress(source) { chunk throws(DatasetError) in
                if written == 0 { length = try expectedLength([UInt8](chunk.prefix(64))) }
                written += chunk.count
                guard written <= length else { throw .trailingBytes(file: path, expectedBytes: length) }
                try write(chunk)
            }
            if written == 0 { length = try expectedLength([]) }
            guard written == length else {
                throw .truncated(file: path, expectedBytes: length, actualBytes: written)
            }
        }
    }

    /// A function that makes a copy: it reads a file, open at its beginning, and passes the copy's bytes on, in
    /// order.
    typealias Maker = (
        _ source: borrowing OpenFile, _ write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) -> Void

    /// Maps the copy of a file that `make` makes, after making it if there is none that fits.
    ///
    /// May block for up to a minute while another rank of the host makes the same copy.
    ///
    /// - Parameters:
    ///   - path: path of the source file.
    ///   - key: text that tells copies of one file apart: everything that the copy depends on besides the file.
    ///   - state: up to 32 bytes that stand for further files, such as the others of a folder; a copy that was made
    ///     with others is made again.
    ///   - patience: longest wait for another rank.
    ///   - make: the function that makes the copy; called at most once for each folder tried.
    /// - Throws: `make`'s own errors, ``DatasetError/changed(file:)`` when the source changed meanwhile, or
    ///   ``DatasetError/cache(folder:reason:)`` when no folder can be written.
    func copy(
        of path: String, key: String = "", state: [UInt8] = [], patience: Duration = Self.patience, make: Maker
    ) throws(DatasetError) -> MappedFile {
        precondition(state.count <= Self.mostStateBytes, "the state is longer than its place in the header")
        let source = try OpenFile(reading: path)
        let version = Version(mark: try SourceMark(of: source), state: state)
        let name = Self.name(for: path, key: key)
        for folder in folders where isExplicit || FileSystem.isOwnFolder(folder) {
            if let copy = Self.map("\(folder)/\(name)", of: version) { return copy }
        }
        var failure = DatasetError.cache(folder: name, reason: "no folder is set")
        for folder in folders {
            if let reason = FileSystem.makeFolder(folder) {
                failure = .cache(folder: folder, reason: reason)
            } else if !isExplicit, !FileSystem.isOwnFolder(folder) {
                failure = .cache(folder: folder, reason: "it belongs to another user")
            } else {
                do {
                    return try OpenFile.locking("\(folder)/\(name).lock", patience: patience) {
                        () throws(DatasetError) in
                        try fill("\(folder)/\(name)", folder, source, version, make)
                    }
                } catch .cache(let folder, let reason) {
                    failure = .cache(folder: folder, reason: reason)
                }
            }
        }
        throw failure
    }

    /// Makes the copy in one folder, unless another rank has made it in the meantime. Called with the lock
    /// held.
    private func fill(
        _ copy: String, _ folder: String, _ source: borrowing OpenFile, _ version: Version, _ make: Maker
    ) throws(DatasetError) -> MappedFile {
        if let made = Self.map(copy, of: version) { return made }
        guard let file = OpenFile.temporary(for: copy) else {
            throw .cache(folder: folder, reason: FileSystem.reason(errno))
        }
        var renamed = false
        defer { if !renamed { unlink(file.path) } }

        // Two folders may be tried; the second has to read from the beginning again.
        lseek(source.descriptor, 0, SEEK_SET)
        lseek(file.descriptor, off_t(Self.headerBytes), SEEK_SET)
        var length = 0
        try make(source) { chunk throws(DatasetError) in
            length += chunk.count
            try Self.write(chunk, to: file, folder)
        }
        guard try source.status() == version.mark.status else { throw .changed(file: source.path) }
        lseek(file.descriptor, 0, SEEK_SET)
        try Self.write(Self.header(of: version, length: length), to: file, folder)
        guard rename(file.path, copy) == 0 else { throw .cache(folder: folder, reason: FileSystem.reason(errno)) }
        renamed = true
        return try MappedFile(file, from: Self.headerBytes)
    }

    /// Writes part of a copy; a full disk is the cache's fault, not the file's.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, to file: borrowing OpenFile, _ folder: String
    ) throws(DatasetError) {
        if let reason = file.write(bytes) { throw .cache(folder: folder, reason: reason) }
    }

    /// Passes an array's bytes on without copying them.
    static func pass<Number: BitwiseCopyable>(
        _ numbers: [Number], to write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        try numbers.withUnsafeBufferPointer { numbers throws(DatasetError) in
            try write(UnsafeRawBufferPointer(numbers))
        }
    }

    private static func write(
        _ bytes: [UInt8], to file: borrowing OpenFile, _ folder: String
    ) throws(DatasetError) {
        if let reason = bytes.withUnsafeBytes({ file.write($0) }) { throw .cache(folder: folder, reason: reason) }
    }

    /// The copy, if it is there, complete, and of this state of the source; nil otherwise.
    private static func map(_ copy: String, of version: Version) -> MappedFile? {
        guard let file = try? OpenFile(reading: copy), let whole = try? MappedFile(file),
            whole.count >= headerBytes,
            whole.copy(0..<headerBytes) == header(of: version, length: whole.count - headerBytes)
        else { return nil }
        return try? MappedFile(file, from: headerBytes)
    }

    /// What a copy was made of.
    private struct Version {
        let mark: SourceMark
        let state: [UInt8]
    }

    /// The header: eight characters, the length that follows, the source's mark, the state of other files, and zeros up
    /// to ``headerBytes``.
    private static func header(of version: Version, length: Int) -> [UInt8] {
        var header = Array("FEDMPI-2".utf8)
        for shift in stride(from: 0, to: 64, by: 8) { header.append(UInt8(truncatingIfNeeded: length >> shift)) }
        header += version.mark.bytes + version.state
        return header + [UInt8](repeating: 0, count: headerBytes - header.count)
    }

    /// Name of the copy: the beginning of the source's own name for the reader, and a hash of its whole path
    /// and the key to tell folders apart. With the endings of lock and draft it is no longer than a name may
    /// be.
    private static func name(for path: String, key: String) -> String {
        var hash = StableHash()
        hash.add(FileSystem.canonical(path))
        hash.add(key)
        var file = path.split(separator: "/").last.map { String($0) } ?? "data"
        while file.utf8.count > longestName { file.unicodeScalars.removeLast() }
        return "\(file).\(String(hash.value, radix: 16))"
    }
}
