/// A text table turned into numbers, mapped from its copy in the cache.
///
/// Layout of a copy, little-endian: five 64-bit numbers (rows, features, targets, gaps, bytes of texts), the least and the
/// largest feature as 32-bit floats, the labels as 32-bit integers (-1: the row is left out, -2: it is kept without a
/// label) or, with targets, these as 32-bit floats `[rows, targets]` (NaN: the row is left out, infinite: it is kept
/// without), the features as 32-bit floats `[rows, features]` (NaN: a gap), then lists of texts (names of the classes or
/// targets, of the features, of all columns, notes, number of columns, which of them say the label or the targets, which
/// are features, which of these hold texts), each after its count, each text after its length, and after their number the
/// lists of the texts of each column of texts. ``CSVNumbersBuilder`` writes it.
struct CSVNumbers {
    /// Everything that a copy depends on besides the file.
    struct Choices: Sendable {
        let format: CSVReader.Format
        let answer: Answer
        /// Columns that are not features.
        let ignored: [CSVReader.Column]
        /// Columns of texts, each of which becomes a feature.
        let texts: [CSVReader.Column]
        /// Treatment of rows without a label, a target or a feature.
        let missing: MissingValues
        /// Treatment of texts that the training file does not have.
        let unknown: UnknownTexts
        /// Names of the classes from the training file; nil: whatever labels there are.
        var names: [String]?
        /// Texts of each column of texts from the training file; nil: whatever texts there are.
        var categories: [[String]]?
        /// Whether the user has not said which column is the label, for advice in errors. No part of the key: what is kept
        /// does not depend on it.
        var isLabelAssumed = false
        /// The columns of the training file, for rows that are to be predicted: they need no label or targets, and the
        /// columns of these may be missing. It decides on all columns. Nil: all rows need them.
        var trained: TableColumns?

        /// All columns that are asked for.
        var columns: [CSVReader.Column] { answer.columns + ignored + texts }

        /// A text that is different for different choices. Texts are written after their lengths, so that no
        /// two lists of names look alike.
        var key: String {
            func list(_ texts: [String]) -> String {
                "\(texts.count)" + texts.map { " \($0.utf8.count) \($0)" }.joined()
            }
            let columns = [answer.columns, ignored, texts].map { list($0.map { $0.text }) }
            let known = [names.map(list) ?? "-"] + (categories?.map(list) ?? ["-"])
            let header = format.header.map { "\($0)" } ?? "-"
            let optional = trained.map { trained in
                func names(_ columns: [(Int, String?)]) -> String {
                    list(columns.map { column, name in "\(column)\(name.map { " \($0)" } ?? "")" })
                }
                return " to predict \(trained.count) \(names(trained.answers.map { ($0.column, $0.name) })) "
                    + "\(names(trained.features.map { ($0.column, $0.name) })) "
                    + trained.features.map { $0.texts == nil ? "-" : "t" }.joined()
            }
            return
                "csv 7 \(format.separator) \(header) \(missing) \(unknown) \(answer.word) \(columns) \(known)\(optional ?? "")"
        }
    }

    /// What the rows are the examples of.
    enum Answer: Sendable {
        /// One class each.
        case label(CSVReader.Column)
        /// Zeros and ones of several labels at once.
        case labels([CSVReader.Column])
        /// Numbers.
        case targets([CSVReader.Column])

        /// The columns that say it, at least one.
        var columns: [CSVReader.Column] {
            switch self {
            case .label(let column): [column]
            case .labels(let columns), .targets(let columns): columns
            }
        }

        /// Whether it is one class each.
        var areClasses: Bool { if case .label = self { true } else { false } }
        /// Whether it is zeros and ones.
        var areLabels: Bool { if case .labels = self { true } else { false } }
        /// A word that tells the cases apart.
        fileprivate var word: String { areClasses ? "class" : areLabels ? "labels" : "targets" }
    }

    private static let headerBytes = 48

    /// Path of the text table.
    let path: String
    let bytes: MappedFile
    /// Number of rows, those that are left out included.
    let rows: Int
    /// Number of targets of a row; 0: it has a label.
    let targets: Int
    /// Number of features of a row.
    let features: Int
    /// Range of the features.
    let range: NumberRange
    /// Whether some features are missing (NaN).
    let hasGaps: Bool
    /// Names of the classes, empty when labels are whole numbers; or of the targets, empty without a header.
    let names: [String]
    /// Names of the features; empty without a header.
    let columnNames: [String]
    /// The table's columns; of rows to predict the labels or targets may be missing.
    let columns: TableColumns
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
            (1...CSVNumbersBuilder.mostFeatures).contains(features), let targets = bytes.integer(.int64, at: 16),
            (0...CSVNumbersBuilder.mostFeatures).contains(targets)
        else { throw damaged }
        guard (targets == 0) == choices.answer.areClasses else { throw damaged }
        let start = Self.headerBytes + 4 * rows * (max(targets, 1) + features)
        guard bytes.count >= start, bytes.integer(.int64, at: 32) == bytes.count - start else { throw damaged }
        range = NumberRange(least: bytes.float(at: 40), largest: bytes.float(at: 44))
        hasGaps = bytes.integer(.int64, at: 24) != 0
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
        let header = try texts()
        notes = try texts().map { text in
            let line = "\(path): \(text.dropFirst())"
            return text.hasPrefix("!") ? .warning(line) : .fact(line)
        }
        let columns = try texts().first.flatMap { Int($0) }
        let places = [try texts(), try texts(), try texts()].map { $0.compactMap { Int($0) } }
        var categories: [[String]] = []
        for _ in 0..<(try number()) { categories.append(try texts()) }
        guard position == bytes.count, let columns, categories.count == places[2].count else { throw damaged }
        let name = { (column: Int) in header.indices.contains(column) ? header[column] : nil }
        let textOf = Dictionary(zip(places[2], categories)) { first, _ in first }
        self.columns = TableColumns(
            count: columns, answers: places[0].map { .init(column: $0, name: name($0)) },
            features: places[1].map { .init(column: $0, name: name($0), texts: textOf[$0]) })
        self.path = path
        self.bytes = bytes
        self.rows = rows
        self.targets = targets
        self.features = features
    }

    /// The labels, as rows of one number, or the targets.
    var answerRows: ArrayImages.Rows {
        ArrayImages.Rows(
            path: path, bytes: bytes, offset: Self.headerBytes, format: targets == 0 ? .int32 : .float32, count: rows)
    }

    /// The features, as rows of ``features`` numbers.
    var featureRows: ArrayImages.Rows {
        ArrayImages.Rows(
            path: path, bytes: bytes, offset: Self.headerBytes + 4 * rows * max(targets, 1), format: .float32,
            count: rows)
    }
}
