/// A text table turned into numbers, as it lies in the cache: three 64-bit numbers (rows, features, bytes of names), the
/// labels as 32-bit integers, the features as 32-bit floats, then the classes' names, each after its length. All
/// little-endian.
struct CSVNumbers {
    /// What a copy depends on besides the file.
    struct Choices: Sendable {
        let format: CSVReader.Format
        let label: CSVReader.Column
        /// Columns that are no features.
        let ignored: [CSVReader.Column]
        /// The classes' names, from the training file; nil: whatever labels there are.
        var names: [String]?

        /// Tells two choices apart.
        var key: String {
            let columns = ([label] + ignored).map { "\($0.text.utf8.count) \($0.text)" }
            let names = names.map { names in "\(names.count)" + names.map { " \($0.utf8.count) \($0)" }.joined() }
            let header = format.header.map { "\($0)" }
            return "csv 1 \(format.separator) \(header ?? "-") \(columns) \(names ?? "-")"
        }
    }

    private static let headerBytes = 24

    let path: String
    let bytes: MappedFile
    let rows: Int
    let features: Int
    /// Names of the classes; empty when labels are whole numbers.
    let names: [String]

    /// Turns the file into numbers if no copy of it is in the cache. O(file).
    init(path: String, _ choices: Choices, cache: Cache) throws(DatasetError) {
        let bytes = try cache.copy(of: path, key: choices.key) { _, write throws(DatasetError) in
            var table = CSVNumbersBuilder(choices)
            try table.read(CSVReader(path: path, separator: choices.format.separator))
            try table.store(write)
        }
        let damaged = DatasetError.malformed(file: path, reason: "its copy in the cache is damaged; delete it")
        guard bytes.count >= Self.headerBytes, let rows = bytes.integer(.int64, at: 0),
            let features = bytes.integer(.int64, at: 8), (1...Int(UInt32.max)).contains(rows),
            (1...CSVNumbersBuilder.mostFeatures).contains(features)
        else { throw damaged }
        let start = Self.headerBytes + 4 * rows * (1 + features)
        guard bytes.count >= start, bytes.integer(.int64, at: 16) == bytes.count - start else { throw damaged }
        var names: [String] = []
        var position = start
        while position < bytes.count {
            guard position + 4 <= bytes.count, let length = bytes.integer(.uint32, at: position),
                position + 4 + length <= bytes.count
            else { throw damaged }
            names.append(String(decoding: bytes.copy(position + 4..<position + 4 + length), as: UTF8.self))
            position += 4 + length
        }
        self.path = path
        self.bytes = bytes
        self.rows = rows
        self.features = features
        self.names = names
    }

    var labelRows: ArrayImages.Rows {
        ArrayImages.Rows(path: path, bytes: bytes, offset: Self.headerBytes, format: .int32, count: rows)
    }

    var featureRows: ArrayImages.Rows {
        ArrayImages.Rows(
            path: path, bytes: bytes, offset: Self.headerBytes + 4 * rows, format: .float32, count: rows)
    }
}
