#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Decompressed copies of gzip files, made once for each user and host and then mapped by every rank.
///
/// A copy begins with a header that names the version of its source (size and time of modification) and its own
/// length; one that does not fit is made again. It is written under another name and then renamed, so that nobody sees
/// half of one, however many ranks and runs start at once; a lock lets one rank do the work while the others wait.
struct Cache: Sendable {
    static let headerBytes = 64
    /// Longer than any decompression; after it a rank stops waiting for a holder that may be stopped.
    private static let patience = Duration.seconds(60)

    /// Folders in the order in which they are tried.
    let folders: [String]
    /// Whether the user named the folder: it is then used as it is, and there is no other to fall back on.
    let isExplicit: Bool

    /// - Parameters:
    ///   - folder: nil takes what the environment says, see `DatasetOptions.cacheFolder`.
    ///   - environment: the value of an environment variable.
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
    /// - Parameters:
    ///   - expectedLength: the decompressed length, from the first decompressed bytes (fewer than 64 if there are fewer).
    /// - Throws: what is wrong with the file, `expectedLength`'s own errors, or `DatasetError.cache`.
    func decompressed(
        _ path: String, expectedLength: ([UInt8]) throws(DatasetError) -> Int
    ) throws(DatasetError) -> MappedFile {
        let source = try OpenFile(reading: path)
        let version = try source.status()
        let name = Self.name(for: path)
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
                    return try OpenFile.locking("\(folder)/\(name).lock", patience: Self.patience) {
                        () throws(DatasetError) in
                        try make("\(folder)/\(name)", folder, source, version, expectedLength)
                    }
                } catch .cache(let folder, let reason) {
                    failure = .cache(folder: folder, reason: reason)
                }
            }
        }
        throw failure
    }

    private func make(
        _ copy: String, _ folder: String, _ source: borrowing OpenFile, _ version: OpenFile.Status,
        _ expectedLength: ([UInt8]) throws(DatasetError) -> Int
    ) throws(DatasetError) -> MappedFile {
        if let made = Self.map(copy, of: version) { return made }
        guard let file = OpenFile.temporary(for: copy) else {
            throw .cache(folder: folder, reason: FileSystem.reason(errno))
        }
        var renamed = false
        defer { if !renamed { unlink(file.path) } }

        var length = 0
        var written = 0
        // Two folders may be tried; the second has to read from the beginning again.
        lseek(source.descriptor, 0, SEEK_SET)
        try Gunzip.decompress(source) { chunk throws(DatasetError) in
            if written == 0 {
                length = try expectedLength([UInt8](chunk.prefix(64)))
                try Self.write(Self.header(of: version, length: length), to: file, folder)
            }
            written += chunk.count
            guard written <= length else { throw .trailingBytes(file: source.path, expectedBytes: length) }
            try Self.write(chunk, to: file, folder)
        }
        if written == 0 { length = try expectedLength([]) }
        guard written == length else {
            throw .truncated(file: source.path, expectedBytes: length, actualBytes: written)
        }
        guard rename(file.path, copy) == 0 else { throw .cache(folder: folder, reason: FileSystem.reason(errno)) }
        renamed = true
        return try MappedFile(file, from: Self.headerBytes)
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to file: borrowing OpenFile, _ folder: String
    ) throws(DatasetError) {
        if let reason = file.write(bytes) { throw .cache(folder: folder, reason: reason) }
    }

    private static func write(
        _ bytes: [UInt8], to file: borrowing OpenFile, _ folder: String
    ) throws(DatasetError) {
        if let reason = bytes.withUnsafeBytes({ file.write($0) }) { throw .cache(folder: folder, reason: reason) }
    }

    /// The copy, if it is there, complete, and of this version.
    private static func map(_ copy: String, of version: OpenFile.Status) -> MappedFile? {
        guard let file = try? OpenFile(reading: copy), let whole = try? MappedFile(file),
            whole.count >= headerBytes,
            whole.copy(0..<headerBytes) == header(of: version, length: whole.count - headerBytes)
        else { return nil }
        return try? MappedFile(file, from: headerBytes)
    }

    /// Eight characters, then size and time of the source and the length that follows as little-endian 64-bit integers.
    private static func header(of version: OpenFile.Status, length: Int) -> [UInt8] {
        var header = Array("FEDMPI-1".utf8)
        for number in [version.byteCount, version.modifiedSeconds, version.modifiedNanoseconds, length] {
            for shift in stride(from: 0, to: 64, by: 8) { header.append(UInt8(truncatingIfNeeded: number >> shift)) }
        }
        return header + [UInt8](repeating: 0, count: headerBytes - header.count)
    }

    /// The source's own name for the reader, and a hash (FNV-1a) of its whole path to tell folders apart.
    private static func name(for path: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in FileSystem.canonical(path).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let file = path.split(separator: "/").last.map { String($0) } ?? "data"
        return "\(file).\(String(hash, radix: 16))"
    }
}
