import FedCore

/// Reads a text table into numbers, and writes them in the form that ``CSVNumbers`` maps.
///
/// Holds all numbers in memory while it reads: 4 bytes for each, on the one rank that makes the copy.
struct CSVNumbersBuilder {
    /// Largest number of features: more columns than any image has numbers.
    static let mostFeatures = 1 << 24

    private let choices: CSVNumbers.Choices
    private var labels: CSVLabels
    /// Instead of the labels, for tables with targets.
    private var targets: CSVTargets?
    private var features = CSVFeatures(columns: [], texts: [], names: [], known: nil, missing: .refuse, header: nil)
    private var notes: [DatasetNote] = []
    /// Number of rows so far.
    private var rows = 0
    /// Index of the column of labels; nil where the table has none.
    private var label: Int?
    /// Number of the table's columns.
    private var columnCount = 0
    /// Indices of the columns of the label or the targets, of the features, and of those that are texts.
    private var places = Places()
    /// Names of the targets; empty without a header.
    private var targetNames: [String] = []
    /// Names of all columns; empty without a header.
    private var columnNames: [String] = []

    /// Indices of columns, from 0.
    private struct Places {
        /// The label or the targets.
        var answers: [Int] = []
        var features: [Int] = []
        /// Those of the features that hold texts.
        var texts: [Int] = []
    }

    /// Creates a builder that has read nothing.
    init(_ choices: CSVNumbers.Choices) {
        self.choices = choices
        labels = CSVLabels(known: choices.names, missing: choices.missing, areOptional: choices.trained != nil)
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
        guard rows > 0 else { throw reader.malformed("holds no samples") }
        guard rows <= Int(UInt32.max) else { throw reader.malformed("holds more than 2^32 - 1 samples") }
        if targets != nil {
            try targets?.finish(reader)
        } else {
            try labels.finish(reader, column: CSVReader.words(label ?? 0, columnNames))
        }
        try features.finish(reader)
        notes += (targets?.notes ?? labels.notes) + features.notes
    }

    /// Finds the columns from the first line, and says whether it is a header.
    private mutating func takeHeader(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(DatasetError) -> Bool {
        let areAskedByName = choices.trained?.areNamed ?? choices.columns.contains { $0.isName }
        let asked = choices.format.header ?? (areAskedByName ? true : nil)
        let names = asked == true ? try reader.columnNames(fields) : nil
        places =
            if let trained = choices.trained {
                try Self.places(of: trained, fields.count, names, reader)
            } else {
                try chosenPlaces(fields.count, names, reader)
            }
        columnCount = fields.count
        let (answers, kept, texts) = (places.answers, places.features, places.texts)
        let numbers = kept.filter { !texts.contains($0) } + (choices.answer.areClasses ? [] : answers)
        guard !numbers.isEmpty || asked != nil else {
            throw reader.malformed(
                "has texts only: set header=true if line \(reader.line) names the columns, header=false if it is a row")
        }
        let (isHeader, doubt) = try CSVHeader.judge(fields, asked: asked, features: numbers, of: reader)
        if isHeader { columnNames = if let names { names } else { try reader.columnNames(fields) } }
        if isHeader, choices.trained == nil {
            var seen: Set<String> = []
            for name in (answers + kept).map({ columnNames[$0] }) where !seen.insert(name).inserted {
                throw reader.malformed(
                    "line \(reader.line) names column '\(name)' twice: new rows could not be told apart by it; rename one, or leave one "
                        + "out by its number, counted from 0: ignore=\(kept.last { columnNames[$0] == name } ?? 0)")
            }
        }
        features = CSVFeatures(
            columns: kept, texts: texts, names: isHeader ? kept.map { columnNames[$0] } : [],
            known: choices.trained?.categories ?? choices.categories, missing: choices.missing,
            unknown: choices.unknown, header: choices.format.header, isToPredict: choices.trained != nil,
            assumedLabel: choices.isLabelAssumed
                ? answers.first.map { "the first column\(isHeader ? ", '\(columnNames[$0])'," : "")" } : nil)
        label = answers.first
        if !choices.answer.areClasses {
            targets = CSVTargets(
                columns: answers, width: choices.trained?.answers.count ?? answers.count, names: columnNames,
                areLabels: choices.answer.areLabels, missing: choices.missing, areOptional: choices.trained != nil)
            targetNames = isHeader ? answers.map { columnNames[$0] } : []
        }
        notes.append(note(isHeader: isHeader, doubt: doubt, answers, kept, line: reader.line))
        return isHeader
    }

    /// The columns of a table of rows to predict: those of the table to train on.
    private static func places(
        of trained: TableColumns, _ columns: Int, _ names: [String]?, _ reader: CSVReader
    ) throws(DatasetError) -> Places {
        let found = try trained.places(names, of: columns, in: reader)
        let texts = zip(found.features, trained.features).filter { $1.texts != nil }.map { $0.0 }
        return Places(answers: found.answers, features: found.features, texts: texts)
    }

    /// The columns as the user chose them.
    private func chosenPlaces(
        _ count: Int, _ names: [String]?, _ reader: CSVReader
    ) throws(DatasetError) -> Places {
        func indices(_ columns: [CSVReader.Column]) throws(DatasetError) -> [Int] {
            var indices: [Int] = []
            for column in columns {
                let index = try column.index(in: count, names: names, of: reader)
                if !indices.contains(index) { indices.append(index) }
            }
            return indices
        }
        let answers = try indices(choices.answer.columns)
        let ignored = try indices(choices.ignored)
        let kept = (0..<count).filter { !answers.contains($0) && !ignored.contains($0) }
        let texts = try indices(choices.texts).sorted()
        if let text = texts.first(where: { !kept.contains($0) }) {
            throw reader.malformed(
                "\(CSVReader.words(text, names ?? [])) of option text is no feature: another option takes it")
        }
        guard (1...Self.mostFeatures).contains(kept.count) else {
            throw reader.malformed(
                "has \(kept.count) columns besides the label\(reader.separatorHint(columns: count))")
        }
        return Places(answers: answers, features: kept, texts: texts)
    }

    /// Says how the first line was read.
    private func note(isHeader: Bool, doubt: String?, _ answers: [Int], _ kept: [Int], line: Int) -> DatasetNote {
        guard isHeader else { return .fact("no header, line \(line) is the first row") }
        if let doubt { return .warning(doubt) }
        let what = choices.answer.areClasses || choices.answer.areLabels ? "labels" : "targets"
        let names = answers.map { "'\(columnNames[$0])'" }
        let kept = CSVHeader.list(kept.map { columnNames[$0] })
        return .fact(
            answers.isEmpty
                ? "line \(line) is the header, there are no \(what), the features are \(kept)"
                : "line \(line) is the header, \(what) are column \(CSVHeader.list(names)), the others \(kept)")
    }

    /// Takes a row. One that is left out keeps its place.
    private mutating func takeRow(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(DatasetError) {
        rows += 1
        let isKept =
            if targets != nil {
                try targets?.add(fields, of: reader) ?? false
            } else {
                try takeLabel(fields, reader)
            }
        guard isKept else { return features.skipRow() }
        guard try !features.add(fields, of: reader) else { return }
        if targets != nil { targets?.leaveOutLast() } else { labels.leaveOutLast() }
    }

    /// Takes the label of a row, or notes that there is none.
    private mutating func takeLabel(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(DatasetError) -> Bool {
        guard let label else {
            labels.addUnknown()
            return true
        }
        return try labels.add(fields[label], of: reader)
    }

    /// Writes the numbers in the form of a copy in the cache, in four pieces.
    func store(_ write: (UnsafeRawBufferPointer) throws(DatasetError) -> Void) throws(DatasetError) {
        var tail: [UInt8] = []
        let names = targets == nil ? labels.names : targetNames
        let notes = notes.map { ($0.isWarning ? "!" : " ") + $0.text }
        for texts in [names, features.featureNames, columnNames, notes] { Self.append(texts, to: &tail) }
        for columns in [[columnCount], places.answers, places.features, places.texts] {
            Self.append(columns.map { "\($0)" }, to: &tail)
        }
        Self.append(UInt32(features.categories.count), to: &tail)
        for texts in features.categories { Self.append(texts, to: &tail) }
        var head: [UInt8] = []
        let numbers = [rows, features.width, targets?.width ?? 0, features.gaps, tail.count]
        for number in numbers { Self.append(UInt64(number), to: &head) }
        for value in [features.range.least, features.range.largest] { Self.append(value.bitPattern, to: &head) }
        // Every machine this runs on is little-endian.
        try Cache.pass(head, to: write)
        if let targets { try Cache.pass(targets.values, to: write) } else { try Cache.pass(labels.labels, to: write) }
        try Cache.pass(features.values, to: write)
        try Cache.pass(tail, to: write)
    }

    /// Appends texts, each after its length, after their number.
    private static func append(_ texts: [String], to bytes: inout [UInt8]) {
        append(UInt32(texts.count), to: &bytes)
        for text in texts {
            append(UInt32(text.utf8.count), to: &bytes)
            bytes += text.utf8
        }
    }

    /// Appends a number, little-endian.
    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
