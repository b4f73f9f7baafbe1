import FedCore

/// The features of a text table: collects them row by row, and turns texts into features of their own when all are known.
///
/// Holds 4 bytes for each number. A number that is missing and is to be the column's mean is NaN: which rows are trained on,
/// and with them the mean, is known only later.
struct CSVFeatures {
    /// Indices of the columns that are features, in the order of the model's inputs.
    private let columns: [Int]
    /// Names of these columns; empty without a header.
    private let names: [String]
    private let missing: MissingValues
    /// The user's word on whether the first line is a header.
    private let header: Bool?
    /// The column that was taken for the labels because nobody said which it is, in words; nil where the user said so.
    private let assumedLabel: String?
    /// Place among `texts` of each column; -1: it holds numbers.
    private let textOf: [Int]
    private var texts: [CSVCategories]
    /// The numbers, `[rows, columns]`; of a text its place among those met. ``finish(_:)`` makes it `[rows, width]`.
    private(set) var values: [Float] = []
    /// Range of the numbers.
    private(set) var range = NumberRange()
    /// Names of the features; empty without a header.
    private(set) var featureNames: [String]
    /// Number of features.
    private(set) var width: Int
    /// Texts of each column of texts, in their order.
    private(set) var categories: [[String]] = []
    /// Number of values that are missing, to be filled in.
    private(set) var gaps = 0
    /// Remarks for the user, such as the number of rows left out.
    private(set) var notes: [DatasetNote] = []

    private let isToPredict: Bool
    /// Number of rows with gaps, and the line of the first.
    private var gapRows = 0
    private var firstGap = 0
    private var gapPlaces: Set<Int> = []
    /// Number of texts that are none of the known ones, and the line and the text of the first.
    private var unknownTexts = 0
    private var firstUnknown = (line: 0, text: "")

    /// Creates features without a row.
    ///
    /// - Parameters:
    ///   - columns: indices of the columns, in the order of the model's inputs.
    ///   - texts: those of them that hold texts, in the same order.
    ///   - names: names of `columns`; empty without a header.
    ///   - known: the texts of each column of texts in the training table; nil: whatever texts there are.
    ///   - missing: what happens to rows that lack a value.
    ///   - unknown: what happens to texts that are not among the known ones.
    ///   - header: the user's word on whether the first line is a header; nil: there is none.
    ///   - isToPredict: whether a model is to predict the rows: its columns are what they are.
    ///   - assumedLabel: the column that was taken for the labels without the user's word, for advice; nil: none was.
    init(
        columns: [Int], texts: [Int], names: [String], known: [[String]]?, missing: MissingValues,
        unknown: UnknownTexts = .refuse, header: Bool?, isToPredict: Bool = false, assumedLabel: String? = nil
    ) {
        self.isToPredict = isToPredict
        self.assumedLabel = assumedLabel
        self.columns = columns
        self.names = names
        self.missing = missing
        self.header = header
        textOf = columns.map { texts.firstIndex(of: $0) ?? -1 }
        self.texts = texts.indices.map { place in
            CSVCategories(known: known.flatMap { place < $0.count ? $0[place] : nil }, unknown: unknown)
        }
        featureNames = names
        width = columns.count
    }

    /// Takes the features of the record read last. O(columns).
    ///
    /// - Parameters:
    ///   - fields: the record's fields.
    ///   - reader: the table's reader.
    /// - Returns: whether the row is kept.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the line and the column of what is no number, or is missing
    ///   and refused.
    mutating func add(_ fields: [CSVReader.Field], of reader: CSVReader) throws(DatasetError) -> Bool {
        let start = values.count
        var hasGap = false
        for (place, column) in columns.enumerated() {
            if let value = try value(place, fields, reader, isFirst: start == 0) {
                values.append(value)
                continue
            }
            guard missing == .drop || missing == .mean else {
                throw refusal(of: reader.text(fields[column]), place, reader)
            }
            if !hasGap {
                if gapRows == 0 { firstGap = reader.line }
                gapRows += 1
                hasGap = true
            }
            guard missing == .mean else {
                values.removeSubrange(start...)
                skipRow()
                return false
            }
            gapPlaces.insert(place)
            gaps += 1
            values.append(.nan)
        }
        for (place, text) in textOf.enumerated() {
            if text < 0 {
                range.add(values[start + place])
            } else if !values[start + place].isNaN {
                texts[text].use(Int(values[start + place]))
            }
        }
        return true
    }

    /// Keeps the place of a row that is left out, so that rows can still be counted by the file.
    mutating func skipRow() {
        values.append(contentsOf: repeatElement(0, count: columns.count))
    }

    /// The number of a field, or the place of its text; nil when it is missing.
    private mutating func value(
        _ place: Int, _ fields: [CSVReader.Field], _ reader: CSVReader, isFirst: Bool
    ) throws(DatasetError) -> Float? {
        let column = columns[place]
        let field = fields[column]
        if textOf[place] >= 0 {
            // The words are made for an error alone: there is a text in each row.
            let name = names.isEmpty ? "" : names[place]
            let text = try texts[textOf[place]].place(
                of: field, column: CSVReader.words(column, named: name), reader, keepsWords: missing == .keep)
            if text == CSVCategories.unknown {
                if unknownTexts == 0 { firstUnknown = (reader.line, reader.excerpt(field)) }
                unknownTexts += 1
            }
            return text.map { Float($0) }
        }
        if let number = reader.number(field), Float(number).isFinite { return Float(number) }
        if MissingValues.isMissing(reader.text(field)) { return nil }
        throw reader.malformed(
            "line \(reader.line), \(words(place)): '\(reader.excerpt(field))' is no number"
                + hint(reader.text(field), place, isFirst: isFirst) + otherTexts(behind: place, fields, reader))
    }

    /// The columns behind one that also hold texts in this record, so that one message tells of all; empty without a header.
    private func otherTexts(behind place: Int, _ fields: [CSVReader.Field], _ reader: CSVReader) -> String {
        guard !names.isEmpty, !isToPredict else { return "" }
        let others = columns.indices.dropFirst(place + 1).filter { other in
            let field = fields[columns[other]]
            return textOf[other] < 0 && reader.number(field) == nil && !MissingValues.isMissing(reader.text(field))
        }
        return others.isEmpty
            ? ""
            : "; texts of this line, too: column " + others.map { "'\(names[$0].printable)'" }.joined(separator: ", ")
    }

    /// A feature's column as messages call it.
    private func words(_ place: Int) -> String {
        CSVReader.words(columns[place], named: names.isEmpty ? "" : names[place])
    }

    /// Advice at the end of the message about a field that is not a number; empty when there is none to give.
    private func hint(_ text: String, _ place: Int, isFirst: Bool) -> String {
        if text.contains(","), Double(text.replacing(",", with: ".")) != nil { return "; decimals have a point" }
        if isToPredict { return missing == .mean ? "; an empty field has its column's mean" : "" }
        let name = names.isEmpty ? "" : names[place]
        // What would be misread as a number or as two columns.
        let isName = !name.isEmpty && Int(name) == nil && !name.contains { " ,".contains($0) }
        let column = isName ? name : "\(columns[place])"
        let counting = isName ? "" : " (options count columns from 0)"
        // Whoever writes the options anew must not lose the label, so the advice is to add to them.
        let remedy =
            if let assumedLabel {
                "if these are the labels, add label=\(column) to --dataset-options (without it \(assumedLabel) is the "
                    + "label); text=\(column) makes features of the texts, ignore=\(column) leaves them out\(counting)"
            } else {
                "add text=\(column) to --dataset-options to make features of the texts, or ignore=\(column) to leave them "
                    + "out\(counting)"
            }
        if isFirst, names.isEmpty {
            return header == false
                ? ", and header=false says that this is a row; \(remedy)" : "; if this is a header, set header=true"
        }
        // Numbers that are too large are no texts.
        return text.unicodeScalars.first?.properties.isAlphabetic == true ? "; \(remedy)" : ""
    }

    /// The error for a missing value.
    private func refusal(of text: String, _ place: Int, _ reader: CSVReader) -> DatasetError {
        let isWord = textOf[place] >= 0 && !text.isEmpty && MissingValues.isMissing(text)
        let keep = isWord ? ", missing=keep makes it a text like others" : ""
        return reader.malformed(
            "line \(reader.line), \(words(place)): the value is missing (\(MissingValues.describe(text))); "
                + "--dataset-options missing=mean fills in the column's mean, missing=drop leaves such rows out\(keep)")
    }

    /// Gives each text a feature of its own when all rows are read.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when there are too many features.
    /// - Complexity: O(rows · features).
    mutating func finish(_ reader: CSVReader) throws(DatasetError) {
        noteGaps()
        // Without any number there is no mean: it is refused later.
        if range.least > range.largest { range.add(0) }
        guard !texts.isEmpty else { return }
        let sorted = texts.map { $0.sorted() }
        categories = sorted.map { $0.names }
        if let place = textOf.firstIndex(where: { $0 >= 0 && categories[$0].isEmpty }) {
            throw reader.malformed("\(words(place)) has no text in any row; option ignore leaves it out")
        }
        let widths = textOf.map { $0 < 0 ? 1 : categories[$0].count }
        width = widths.reduce(0, +)
        guard width <= CSVNumbersBuilder.mostFeatures else { throw reader.malformed("has \(width) features") }
        if !names.isEmpty {
            featureNames = names.indices.flatMap { place in
                textOf[place] < 0 ? [names[place]] : categories[textOf[place]].map { "\(names[place])=\($0)" }
            }
        }
        let rows = values.count / columns.count
        var expanded: [Float] = []
        expanded.reserveCapacity(rows * width)
        for row in 0..<rows {
            for place in columns.indices {
                let value = values[row * columns.count + place]
                guard textOf[place] >= 0 else {
                    expanded.append(value)
                    continue
                }
                let first = expanded.count
                expanded.append(contentsOf: repeatElement(value.isNaN ? value : 0, count: widths[place]))
                // A row that is left out has the place 0, which is some text's.
                if !value.isNaN, value >= 0 { expanded[first + sorted[textOf[place]].placeOf[Int(value)]] = 1 }
            }
        }
        values = expanded
        range.add(0)
        range.add(1)
        noteTexts(rows: rows)
    }

    /// Says how many values are missing, and what becomes of them.
    private mutating func noteGaps() {
        guard gapRows > 0 else { return }
        let rows = values.count / columns.count
        let text: String
        if missing == .mean {
            let places = gapPlaces.sorted().map { words($0).dropFirst("column ".count) }.map { String($0) }
            text =
                "\(NumberText.count(gaps, "value")) in \(NumberText.grouped(gapRows)) of \(NumberText.grouped(rows)) rows \(gaps == 1 ? "is" : "are") "
                + "missing, the first in line \(firstGap), in column\(places.count > 1 ? "s" : "") \(CSVHeader.list(places)): each "
                + "becomes its column's mean over \(isToPredict ? "the rows that were trained on" : "the clients' rows")"
                + (gapPlaces.contains { textOf[$0] >= 0 } ? ", a text the shares of its column's texts" : "")
        } else {
            text =
                "\(NumberText.grouped(gapRows)) of \(NumberText.grouped(rows)) rows lack a number or a text and "
                + "\(isToPredict ? "have no prediction" : "are left out"), the first in line \(firstGap)"
        }
        // Predictions are looked at, and what was read to train on is told once, at the start of a run.
        notes.append(isToPredict ? .warning(text) : .fact(text))
    }

    /// Says what became of the texts.
    private mutating func noteTexts(rows: Int) {
        if unknownTexts > 0 {
            notes.append(
                .warning(
                    "\(NumberText.count(unknownTexts, "text")) that the training table does not have \(unknownTexts == 1 ? "is" : "are") taken for none of its column's texts, the "
                        + "first '\(firstUnknown.text)' in line \(firstUnknown.line)"))
        }
        guard !isToPredict else { return }
        for (place, text) in textOf.enumerated() where text >= 0 {
            let names = categories[text]
            let column = words(place)
            notes.append(
                .fact("\(column) is \(names.count) features, 1 where it says: \(CSVHeader.list(names))"))
            if rows >= 20, names.count * 2 > rows {
                notes.append(
                    .warning(
                        "\(column) has \(names.count) different texts in \(rows) rows; option ignore leaves it out"
                    ))
            }
        }
    }
}
