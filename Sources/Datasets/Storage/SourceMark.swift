import Cryptography

/// A mark by which one can tell whether a file is still the one that a copy was made of: inode, size, times of
/// modification and of change, and a SHA-256 digest of blocks spread over it, which costs the reading of 64
/// KiB.
///
/// Where times tell nothing, it is the digest of the whole file.
struct SourceMark: Equatable {
    /// Number of blocks that are read of a large file.
    private static let blocks = 16
    private static let blockBytes = 4096

    let status: OpenFile.Status
    /// SHA-256 of the blocks or of the file, 32 bytes.
    let digest: [UInt8]

    /// Marks a file in its current state. O(1) for large files with fine times.
    init(of file: borrowing OpenFile) throws(DatasetError) {
        try self.init(of: file, file.status())
    }

    /// Marks a file whose status is known; tests give one without fine times.
    init(of file: borrowing OpenFile, _ status: OpenFile.Status) throws(DatasetError) {
        self.status = status
        let isWhole = !status.hasFineTimes || status.byteCount <= Self.blocks * Self.blockBytes
        digest = try isWhole ? Self.wholeDigest(file) : Self.sampledDigest(file, status.byteCount)
    }

    /// The mark as 80 bytes: six little-endian 64-bit integers and the digest.
    var bytes: [UInt8] {
        status.numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } } + digest
    }

    /// Digest of blocks at even distances, the first and the last among them.
    private static func sampledDigest(_ file: borrowing OpenFile, _ byteCount: Int) throws(DatasetError) -> [UInt8] {
        var hash = SHA256()
        for block in 0..<blocks {
            hash.update(try file.read(blockBytes, at: block * (byteCount - blockBytes) / (blocks - 1)))
        }
        return hash.finalize()
    }

    /// Digest of the whole file, read a mebibyte at a time.
    private static func wholeDigest(_ file: borrowing OpenFile) throws(DatasetError) -> [UInt8] {
        var hash = SHA256()
        var position = 0
        while true {
            let bytes = try file.read(1 << 20, at: position)
            if bytes.isEmpty { return hash.finalize() }
            hash.update(bytes)
            position += bytes.count
        }
    }
}
