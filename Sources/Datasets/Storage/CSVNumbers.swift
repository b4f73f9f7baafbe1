/// A text table turned into numbers, mapped from its copy in the cache.
///
/// Layout of a copy, little-endian: three 64-bit numbers (rows, features, bytes of texts), the least and the
/// largest feature as 32-bit floats, the labels as 32-bit integers (-1: the row is left out), the features as
/// 32-bit floats `[rows, features]`, then three lists of texts (the classes' names, the columns', notes), each
/// after its count, each text after its length. ``CSVNumbersBuilder`` writes it.
struct CSVNumbers {
    /// Everything that a copy depends on besides the file.
    struct Choices: Sendable {
        let format: CSVReader.Format
        let label: CSVReader.Column
        /// Columns that are not features.
        let ignored: [CSVReader.Column]
        /// Treatment of rows without a label.
        let missing: MissingLabels
        /// Names of the classes from the training file; nil: whatever labels there are.
        var names: [String]?

        /// A text that is different for different choices. Texts are written after their lengths, so that no
        /// two lists of names look alike.
        var key: String {
            let columns = ([label] + ignored).map { "\($0.text.utf8.count) \($0.text)" }
            let names = names.map { names in "\(names.count)" + names.map { " \($0.utf8.count) \($0)" }.joined() }
            let header = format.header.map { "\($0)" }
            return "csv 2 \(format.separator) \(header ?? "-") \(missing) \(columns) \(names ?? "-")"
        }
    }

    private static let headerBytes = 32

    /// Path of the text table.
    let path: String
    let bytes: MappedFile
    /// Number of rows, those without a label included.
    let rows: Int
    /// Number of features of a row.
    let features: Int
    /// Range of the features.
    let range: NumberRange
    /// Names of the classes; empty when labels are whole numbers.
    let names: [String]
    /// Names of the features; empty without a header.
    let columnNames: [String]
    /// Remarks on how the file was read; they are in the copy too, so that they appear in every run.
    let notes: [DatasetNote]

    /// Maps the table's copy, after turning the file into numbers if there is no copy of it in the cache.
    ///
    /// The copy is checked like any file from elsewhere: every length in it is compared with what is there.
    ///
    /// - Parameters:
    ///   - path: path of the text table, plain or compressed by gzip.
    ///   - choices: how it is read.
    ///   - cache: where its copy is kept.
    /// - Throws: ``DatasetError`` with the line and column of what is wrong.
    /// - Complexity: O(file) the first time, O(names) afterwards.
    init(path: String, _ choices: Choices, cache: Cache) throws(DatasetError) {
        let bytes = try cache.copy(of: path, key: choices.key) { source, write throws(DatasetError) in
            var table = CSVNumbersBuilder(choices)
            try table.read(CSVReader(source, separator: choices.format.separator))
            try table.store(write)
        }
        let damaged = DatasetError.malformed(file: path, reason: "its copy in the cache is damaged; delete it")
        guard bytes.count >= Self.headerBytes, let rows = bytes.integer(.int64, at: 0),
            let features = bytes.integer(.int64, at: 8), (1...Int(UInt32.max)).contains(rows),
            (1...CSVNumbersBuilder.mostFeatures).contains(features)
        else { throw damaged }
        let start = Self.headerBytes + 4 * rows * (1 + features)
        guard bytes.count >= start, bytes.integer(.int64, at: 16) == bytes.count - start else { throw damaged }
        range = NumberRange(least: bytes.float(at: 24), largest: bytes.float(at: 28))
        var position = start
        func number() throws(DatasetError) -> Int {
            guard position + 4 <= bytes.count, let number = bytes.integer(.uint32, at: position) else { throw damaged }
            position += 4
            return number
        }
        func texts() throws(DatasetError) -> [String] {
            var texts: [String] = []
            for _ in 0..<(try number()) {
                let length = try number()
                guard position + length <= bytes.count else { throw damaged }
                texts.append(String(decoding: bytes.copy(position..<position + length), as: UTF8.self))
                position += length
            }
            return texts
        }
        names = try texts()
        columnNames = try texts()
        notes = try texts().map { DatasetNote(text: "\(path): \($0.dropFirst())", isWarning: $0.hasPrefix("!")) }
        guard position == bytes.count else { throw damaged }
        self.path = path
        self.bytes = bytes
        self.rows = rows
        self.features = features
    }

    /// The labels, as rows of one number.
    var labelRows: ArrayImages.Rows {
        ArrayImages.Rows(path: path, bytes: bytes, offset: Self.headerBytes, format: .int32, count: rows)
    }

    /// The features, as rows of ``features`` numbers.
    var featureRows: ArrayImages.Rows {
        ArrayImages.Rows(
            path: path, bytes: bytes, offset: Self.headerBytes + 4 * rows, format: .float32, count: rows)
    }
}
