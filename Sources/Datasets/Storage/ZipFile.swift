/// A ZIP archive, mapped: its members and where their bytes lie. Only what `numpy.savez` makes is read: stored
/// or deflated members, no encryption, and no sizes or offsets that need ZIP64.
///
/// Format: PKWARE, *.ZIP File Format Specification* (APPNOTE.TXT), sections 4.3.7, 4.3.12 and 4.3.16.
struct ZipFile: Sendable {
    /// One member of the archive.
    struct Entry: Sendable {
        /// Whether it is compressed; otherwise its bytes can be mapped as they are.
        let isDeflated: Bool
        /// CRC-32 of the decompressed member.
        let checksum: UInt32
        /// Bytes of the decompressed member.
        let size: Int
        /// Bytes of the archive that hold it, stored or compressed.
        let range: Range<Int>
    }

    let path: String
    let bytes: MappedFile
    /// The members by name.
    private(set) var entries: [String: Entry] = [:]

    /// Maps the archive and reads its directory.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it is not an archive, is damaged, or is of a
    ///   kind that is not read.
    /// - Complexity: O(members).
    init(path: String) throws(DatasetError) {
        self.path = path
        bytes = try MappedFile(path: path)
        let end = try endOfDirectory()
        var position = try number(end + 16, bytes: 4)
        for _ in 0..<(try number(end + 10, bytes: 2)) {
            guard try number(position, bytes: 4) == 0x0201_4b50 else { throw damaged }
            let nameLength = try number(position + 28, bytes: 2)
            let name = String(decoding: try copy(position + 46, nameLength), as: UTF8.self)
            entries[name] = try entry(at: position)
            position += 46 + nameLength + (try number(position + 30, bytes: 2)) + (try number(position + 32, bytes: 2))
        }
    }

    private var damaged: DatasetError { .malformed(file: path, reason: "is a damaged ZIP archive") }

    /// Byte at which the record that ends the directory begins: the last one, before a comment of up to 64 KiB.
    private func endOfDirectory() throws(DatasetError) -> Int {
        for start in stride(from: bytes.count - 22, through: max(0, bytes.count - 22 - 0xFFFF), by: -1) {
            if try number(start, bytes: 4) == 0x0605_4b50, try number(start + 20, bytes: 2) == bytes.count - 22 - start
            {
                return start
            }
        }
        let kind = FileKind(bytes.copy(0..<min(FileKind.headBytes, bytes.count)))
        if let kind, kind != .zip {
            throw .malformed(file: path, reason: "is no ZIP archive (.npz): it \(kind.description)")
        }
        throw .malformed(file: path, reason: "is no ZIP archive (.npz), or is cut short")
    }

    /// The member whose entry in the directory begins at a byte.
    private func entry(at position: Int) throws(DatasetError) -> Entry {
        let flags = try number(position + 8, bytes: 2)
        let method = try number(position + 10, bytes: 2)
        let packed = try number(position + 20, bytes: 4)
        let size = try number(position + 24, bytes: 4)
        let header = try number(position + 42, bytes: 4)
        guard flags & 1 == 0, method == 0 || method == 8 else {
            throw .malformed(file: path, reason: "is an archive of another kind than numpy.savez makes")
        }
        guard max(packed, size, header) < 0xFFFF_FFFF else {
            throw .malformed(file: path, reason: "is an archive of 2 GiB or more; save its arrays as .npy files")
        }
        // The member's own header repeats the directory's, with lengths of its own.
        guard try number(header, bytes: 4) == 0x0403_4b50 else { throw damaged }
        let start = header + 30 + (try number(header + 26, bytes: 2)) + (try number(header + 28, bytes: 2))
        guard start + packed <= bytes.count, method == 8 || packed == size else { throw damaged }
        return Entry(
            isDeflated: method == 8, checksum: UInt32(try number(position + 16, bytes: 4)), size: size,
            range: start..<start + packed)
    }

    /// The little-endian number at a byte.
    private func number(_ position: Int, bytes count: Int) throws(DatasetError) -> Int {
        try copy(position, count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Some bytes, refused as damage when the archive does not hold them.
    private func copy(_ position: Int, _ count: Int) throws(DatasetError) -> [UInt8] {
        guard position >= 0, position + count <= bytes.count else { throw damaged }
        return bytes.copy(position..<position + count)
    }
}
