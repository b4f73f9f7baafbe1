import FedCore

/// The labels of a text table: collects them row by row, and numbers the classes when all are known.
///
/// Blanks around a label do not belong to it, and a number counts by its value: `3`, `3.0` and ` 3` are one
/// label. Whole numbers from 0 on are classes as they are. If there are others, all labels are classes in their
/// order: numbers by value, then texts by their UTF-8. The order thus depends on the set of labels, not on the
/// order of the rows, which users shuffle.
struct CSVLabels {
    /// The class of each row; until ``finish(_:column:)``, the place of its label among those met. -1: the row is left
    /// out; ``unknown``: it is kept without a label.
    private(set) var labels: [Int32] = []
    /// Names of the classes; empty when labels are whole numbers from 0 on.
    private(set) var names: [String] = []
    /// Remarks for the user, such as the number of rows left out.
    private(set) var notes: [DatasetNote] = []

    /// Names of the classes as in training; empty: whole numbers as in training; nil: whatever labels there
    /// are.
    private let known: [String]?
    private let missing: MissingValues
    /// Whether rows without a label are kept, to be predicted.
    private let areOptional: Bool
    /// Stands for the label of a row that is kept without one.
    static let unknown: Int32 = -2
    /// The different labels in the order in which they were met, with the line of the first of each.
    private var met: [(text: String, value: Double?, line: Int)] = []
    /// The place among ``met``, or the class when the names are known, of each text.
    private var numberOf: [String: Int32] = [:]
    /// Number of rows left out so far.
    private var leftOut = 0
    /// Line of the first row left out.
    private var firstLeftOut = 0

    /// Creates an empty list.
    ///
    /// - Parameters:
    ///   - known: names of the classes from the training file; nil: whatever labels there are.
    ///   - missing: what happens to rows without a label.
    ///   - areOptional: whether such rows are kept all the same, to be predicted; then the names are known.
    init(known: [String]?, missing: MissingValues, areOptional: Bool = false) {
        (self.known, self.missing, self.areOptional) = (known, missing, areOptional)
    }

    /// Takes a row of a table that has no labels.
    mutating func addUnknown() { labels.append(Self.unknown) }

    /// Takes the label of the record read last. O(1) on average.
    ///
    /// - Returns: whether the row is kept.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the line, when the label is missing and refused,
    ///   is none of the known ones, or there are too many different ones.
    mutating func add(_ field: CSVReader.Field, of reader: CSVReader) throws(DatasetError) -> Bool {
        let number = try number(of: field, reader)
        labels.append(number ?? -1)
        if number == nil { noteLeftOut(reader.line) }
        return number != nil
    }

    /// Leaves the row out that was taken last, for want of a feature.
    mutating func leaveOutLast() { labels[labels.count - 1] = -1 }

    /// The class or place of a label; nil when it is missing and its row is to be left out.
    private mutating func number(of field: CSVReader.Field, _ reader: CSVReader) throws(DatasetError) -> Int32? {
        let value = reader.number(field)
        let whole = value.flatMap { Int(exactly: $0) }
        if let known, known.isEmpty, let whole, (0..<ArrayImages.mostClasses).contains(whole) { return Int32(whole) }
        let (text, _) = try reader.category(field, "line \(reader.line): the label")
        if let number = numberOf[text] { return number }
        if MissingValues.isMissing(text), missing != .keep || text.isEmpty {
            return try leaveOut(text, line: reader.line, reader)
        }
        guard let known else { return try meet(text, value, reader) }
        guard let index = known.firstIndex(of: text) else {
            // A number below 0 that is no class of the training data's.
            if let whole, whole < 0 { return try leaveOut(text, line: reader.line, reader) }
            let label = "line \(reader.line): the label '\(reader.excerpt(field))'"
            throw reader.malformed(
                known.isEmpty
                    ? "\(label) is no whole number, as in training"
                    : "\(label) is none of the training data's: \(CSVHeader.list(known))")
        }
        numberOf[text] = Int32(index)
        return Int32(index)
    }

    /// The place of a label that was not met before.
    private mutating func meet(_ text: String, _ value: Double?, _ reader: CSVReader) throws(DatasetError) -> Int32 {
        guard met.count < ArrayImages.mostClasses else {
            throw reader.malformed(
                "has more than \(ArrayImages.mostClasses) different labels; option label says which column they are")
        }
        let number = Int32(met.count)
        met.append((text, value, reader.line))
        numberOf[text] = number
        return number
    }

    /// Decides on a row without a label: nil leaves it out.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when the user wants such rows refused.
    private func leaveOut(_ text: String, line: Int, _ reader: CSVReader) throws(DatasetError) -> Int32? {
        if areOptional { return Self.unknown }
        if missing.leavesOut { return nil }
        let keep = text.isEmpty ? "" : ", missing=keep makes it a class"
        throw reader.malformed(
            "line \(line): the label is missing (\(MissingValues.describe(text))); --dataset-options missing=drop leaves such rows "
                + "out\(keep)")
    }

    /// Counts a row that is left out.
    private mutating func noteLeftOut(_ line: Int) {
        if leftOut == 0 || line < firstLeftOut { firstLeftOut = line }
        leftOut += 1
    }

    /// Turns labels into classes when all rows are read.
    ///
    /// - Parameters:
    ///   - reader: the table's reader, for messages.
    ///   - column: the column in words, for doubts.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when no row has a label.
    /// - Complexity: O(rows + labels · log labels).
    mutating func finish(_ reader: CSVReader, column: String) throws(DatasetError) {
        if let known {
            names = known
        } else {
            try nameClasses(reader, column)
        }
        if leftOut > 0 {
            notes.append(
                .fact(
                    "\(NumberText.grouped(leftOut)) of \(NumberText.grouped(labels.count)) rows have no label and are left out, the first in line "
                        + "\(firstLeftOut)"))
        }
        guard labels.contains(where: { $0 >= 0 || $0 == Self.unknown }) else {
            throw reader.malformed("holds no row with a label")
        }
    }

    /// Numbers the labels met: by their own value if all are whole numbers from 0 on, else in their order.
    private mutating func nameClasses(_ reader: CSVReader, _ column: String) throws(DatasetError) {
        let numbers = met.map { $0.value }
        let absent = try absentMark(numbers, reader)
        // A label may be of rows alone that lack a feature.
        var isUsed = [Bool](repeating: missing != .drop, count: met.count)
        if missing == .drop { for label in labels where label >= 0 { isUsed[Int(label)] = true } }
        let kept = met.indices.filter { $0 != absent && isUsed[$0] }
        let isClass = { (number: Double?) in number.map { $0 >= 0 && Int32(exactly: $0) != nil } ?? false }
        var classOf = met.map { Int32($0.text) ?? -1 }
        noteDoubts(kept, column)
        let areClasses = kept.allSatisfy { isClass(numbers[$0]) && classOf[$0] < ArrayImages.mostClasses }
        if !areClasses {
            let order = kept.sorted { a, b in
                CSVCategories.precedes((met[a].text, met[a].value), (met[b].text, met[b].value))
            }
            for (number, place) in order.enumerated() { classOf[place] = Int32(number) }
            names = order.map { met[$0].text }
        }
        if let absent { classOf[absent] = -1 }
        for i in labels.indices where labels[i] >= 0 { labels[i] = classOf[Int(labels[i])] }
    }

    /// The label that means "no label", if there is one.
    ///
    /// One negative number among labels of another kind stands for it, as -1 does in many tables. If there are
    /// only two labels, such as -1 and 1, both are classes; two or more negative numbers are a scale.
    private mutating func absentMark(_ numbers: [Double?], _ reader: CSVReader) throws(DatasetError) -> Int? {
        let negative = numbers.indices.filter { (numbers[$0] ?? 0) < 0 }
        guard missing != .keep, met.count > 2, negative.count == 1 else { return nil }
        let mark = negative[0]
        _ = try leaveOut(met[mark].text, line: met[mark].line, reader)
        for label in labels where label == Int32(mark) { noteLeftOut(met[mark].line) }
        return mark
    }

    /// Warns about labels that look like mistakes: numbers mixed with texts, texts that differ in case only,
    /// and more than half as many different labels as rows.
    private mutating func noteDoubts(_ kept: [Int], _ column: String) {
        let texts = kept.filter { met[$0].value == nil }
        if let first = texts.first, texts.count < kept.count {
            notes.append(
                .warning(
                    "\(kept.count - texts.count) labels are numbers, and '\(met[first].text)' (line "
                        + "\(met[first].line)) is none: each is a class by its text"))
        }
        var seen: [String: Int] = [:]
        for place in texts {
            guard let other = seen.updateValue(place, forKey: met[place].text.lowercased()) else { continue }
            notes.append(
                .warning(
                    "'\(met[other].text)' (line \(met[other].line)) and '\(met[place].text)' (line "
                        + "\(met[place].line)) are two classes"))
            break
        }
        if labels.count >= 20, kept.count * 2 > labels.count {
            notes.append(
                .warning(
                    "\(column) has \(kept.count) different labels in \(labels.count) rows; option label says which column "
                        + "they are, and target takes them as numbers"))
        }
    }
}
