/// Kind of a file by its first bytes, for the message that says why it cannot be read as what it was given for.
///
/// It only makes errors helpful: no reader decides by it how to read, except that gzip is decompressed.
enum FileKind: String, CaseIterable {
    case gzip, zip, bzip2, xz, zstd, hdf5, parquet, numpy, pickle, idx, utf16, utf32, html

    /// Number of bytes that are looked at.
    static let headBytes = 256

    /// Recognises a file's kind.
    ///
    /// - Parameter head: the first ``headBytes`` of the file, or the whole file if it is shorter.
    /// - Returns: nil when it is none of these, such as plain text.
    init?(_ head: [UInt8]) {
        // UTF-32's mark begins with that of UTF-16.
        let marks: [(FileKind, [UInt8])] = [
            (.gzip, [0x1F, 0x8B]), (.zip, [0x50, 0x4B, 3, 4]), (.zip, [0x50, 0x4B, 5, 6]), (.bzip2, Array("BZh".utf8)),
            (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A]), (.zstd, [0x28, 0xB5, 0x2F, 0xFD]),
            (.hdf5, [0x89, 0x48, 0x44, 0x46]),
            (.parquet, Array("PAR1".utf8)), (.numpy, [0x93] + Array("NUMPY".utf8)), (.utf32, [0xFF, 0xFE, 0, 0]),
            (.utf32, [0, 0, 0xFE, 0xFF]), (.utf16, [0xFF, 0xFE]), (.utf16, [0xFE, 0xFF]), (.pickle, [0x80, 2]),
            (.pickle, [0x80, 3]), (.pickle, [0x80, 4]), (.pickle, [0x80, 5]), (.idx, [0, 0, 8]),
        ]
        if let (kind, _) = marks.first(where: { head.starts(with: $0.1) }) {
            self = kind
            return
        }
        let text = String(decoding: head.prefix(64), as: UTF8.self).lowercased().drop { $0.isWhitespace }
        if text.hasPrefix("<!doctype") || text.hasPrefix("<html") {
            self = .html
            return
        }
        // Latin text without a mark: every other byte is 0.
        let zeros = head.prefix(Self.headBytes).count { $0 == 0 }
        guard zeros >= 2, zeros * 3 >= head.count else { return nil }
        self = zeros * 3 > head.count * 2 ? .utf32 : .utf16
    }

    /// The end of a sentence that begins with the file, e.g. `is UTF-16`.
    var description: String {
        switch self {
        case .gzip: "is compressed by gzip"
        case .zip: "is a ZIP archive (.zip, .xlsx, .npz)"
        case .bzip2, .xz, .zstd: "is compressed by \(rawValue)"
        case .hdf5: "is an HDF5 file"
        case .parquet: "is a Parquet file"
        case .numpy: "is a NumPy array (.npy)"
        case .pickle: "is a pickle of Python's"
        case .idx: "is an IDX file"
        case .utf16: "is UTF-16"
        case .utf32: "is UTF-32"
        case .html: "is a web page"
        }
    }

    /// Advice for a file of this kind in the place of a text table.
    var remedyForText: String {
        switch self {
        case .gzip, .bzip2, .xz, .zstd: "decompress it first"
        case .zip: "unpack it, or save the sheet as CSV; arrays (.npz) are data set 'numpy:FILE'"
        case .hdf5, .parquet, .pickle: "save it as CSV in UTF-8, or as arrays (.npz)"
        case .numpy: "arrays are data set 'numpy:FOLDER'"
        case .idx: "a folder of these is data set 'idx:FOLDER'"
        case .utf16: "save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8"
        case .utf32: "save it as UTF-8, e.g. with iconv -f UTF-32 -t UTF-8"
        case .html: "fetch the table itself"
        }
    }
}
