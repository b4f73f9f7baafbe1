/// Reads a text table into numbers, and writes them in the form that ``CSVNumbers`` maps.
///
/// Holds all numbers in memory while it reads: 4 bytes for each, on the one rank that makes the copy.
struct CSVNumbersBuilder {
    /// Largest number of features: more columns than any image has numbers.
    static let mostFeatures = 1 << 24

    private let choices: CSVNumbers.Choices
    private var labels: CSVLabels
    private var features: [Float] = []
    private var range = NumberRange()
    private var notes: [DatasetNote] = []
    /// Names of the features; empty without a header.
    private var columnNames: [String] = []
    /// Index of the column of labels.
    private var label = 0
    /// Indices of the columns that are features, ascending.
    private var kept: [Int] = []

    /// Creates a builder that has read nothing.
    init(_ choices: CSVNumbers.Choices) {
        self.choices = choices
        labels = CSVLabels(known: choices.names, missing: choices.missing)
    }

    /// Reads the whole table.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the line and the column of what is wrong.
    /// - Complexity: O(file).
    mutating func read(_ reader: CSVReader) throws(DatasetError) {
        var reader = reader
        var fields: [CSVReader.Field] = []
        guard try reader.next(&fields) else { throw reader.malformed("holds no samples") }
        if try !takeHeader(fields, reader) { try takeRow(fields, reader) }
        while try reader.next(&fields) { try takeRow(fields, reader) }
        guard !labels.labels.isEmpty else { throw reader.malformed("holds no samples") }
        guard labels.labels.count <= Int(UInt32.max) else { throw reader.malformed("holds more than 2^32 - 1 samples") }
        try labels.finish(reader)
        notes += labels.notes
    }

    /// Finds the columns from the first line, and says whether it is a header.
    private mutating func takeHeader(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(DatasetError) -> Bool {
        let columns = [choices.label] + choices.ignored
        let asked = choices.format.header ?? (columns.contains { $0.isName } ? true : nil)
        let names = asked == true ? try reader.columnNames(fields) : nil
        label = try choices.label.index(in: fields.count, names: names, of: reader)
        var ignored: Set = [label]
        for column in choices.ignored { ignored.insert(try column.index(in: fields.count, names: names, of: reader)) }
        kept = fields.indices.filter { !ignored.contains($0) }
        guard (1...Self.mostFeatures).contains(kept.count) else {
            throw reader.malformed(
                "has \(kept.count) columns besides the label\(reader.separatorHint(columns: fields.count))")
        }
        let (isHeader, doubt) = try CSVHeader.judge(fields, asked: asked, features: kept, of: reader)
        guard isHeader else {
            notes.append(.fact("no header, line \(reader.line) is the first row"))
            return false
        }
        let known = if let names { names } else { try reader.columnNames(fields) }
        columnNames = kept.map { known[$0] }
        notes.append(
            doubt.map { .warning("\($0)") }
                ?? .fact(
                    "line \(reader.line) is the header, labels are column '\(known[label])', the others "
                        + CSVHeader.list(columnNames)))
        return true
    }

    /// Takes a row. One without a label keeps its place, with zeros, so that rows can still be counted by the
    /// file.
    private mutating func takeRow(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(DatasetError) {
        let isFirst = labels.labels.isEmpty
        guard try labels.add(fields[label], of: reader) else {
            features.append(contentsOf: repeatElement(0, count: kept.count))
            return
        }
        for column in kept {
            guard let number = reader.number(fields[column]), Float(number).isFinite else {
                throw reader.malformed(
                    "line \(reader.line), column \(column): '\(reader.excerpt(fields[column]))' is no number"
                        + hint(fields, column, isFirst: isFirst, reader))
            }
            let value = Float(number)
            range.add(value)
            features.append(value)
        }
    }

    /// Advice at the end of the message about a field that is not a number; empty when there is none to give.
    private func hint(_ fields: [CSVReader.Field], _ column: Int, isFirst: Bool, _ reader: CSVReader) -> String {
        let text = reader.text(fields[column])
        if text.contains(","), Double(text.replacing(",", with: ".")) != nil { return "; decimals have a point" }
        guard isFirst, columnNames.isEmpty else { return "" }
        return choices.format.header == false
            ? ", and header=false says that this is a row" : "; if this is a header, set header=true"
    }

    /// Writes the numbers in the form of a copy in the cache, in four pieces.
    func store(_ write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void) throws(DatasetError) {
        var tail: [UInt8] = []
        for texts in [labels.names, columnNames, notes.map { ($0.isWarning ? "!" : " ") + $0.text }] {
            Self.append(UInt32(texts.count), to: &tail)
            for text in texts {
                Self.append(UInt32(text.utf8.count), to: &tail)
                tail += text.utf8
            }
        }
        var head: [UInt8] = []
        for number in [labels.labels.count, kept.count, tail.count] { Self.append(UInt64(number), to: &head) }
        for value in [range.least, range.largest] { Self.append(value.bitPattern, to: &head) }
        // Every machine this runs on is little-endian.
        try Cache.pass(head, to: write)
        try Cache.pass(labels.labels, to: write)
        try Cache.pass(features, to: write)
        try Cache.pass(tail, to: write)
    }

    /// Appends a number, little-endian.
    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
