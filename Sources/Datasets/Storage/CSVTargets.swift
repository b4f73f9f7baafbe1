/// The targets of a text table: columns of numbers that are learnt, or of zeros and ones that are labels.
struct CSVTargets {
    /// Indices of the columns, in the order of the outputs.
    let columns: [Int]
    /// Names of all columns of the table; empty without a header.
    private let names: [String]
    /// Whether each is a label, 0 or 1.
    let areLabels: Bool
    /// The targets, `[rows, columns]`; NaN in rows that are left out, infinite in those that are kept without.
    private(set) var values: [Float] = []
    /// Remarks for the user.
    private(set) var notes: [DatasetNote] = []

    private let missing: MissingValues
    /// Whether rows without targets are kept, to be predicted.
    private let areOptional: Bool
    /// Targets of a row.
    let width: Int
    private var leftOut = 0
    private var firstLeftOut = 0

    /// Creates an empty list.
    ///
    /// - Parameters:
    ///   - columns: indices of the columns; none where the table has no targets.
    ///   - width: targets of a row.
    ///   - names: names of all columns; empty without a header.
    ///   - areLabels: whether each is 0 or 1.
    ///   - missing: what happens to rows without a target.
    ///   - areOptional: whether such rows are kept all the same, to be predicted.
    init(
        columns: [Int], width: Int, names: [String], areLabels: Bool, missing: MissingValues, areOptional: Bool
    ) {
        (self.columns, self.width, self.names) = (columns, width, names)
        (self.areLabels, self.missing, self.areOptional) = (areLabels, missing, areOptional)
    }

    /// Number of rows so far.
    var rows: Int { values.count / width }

    /// Takes the targets of the record read last. O(columns).
    ///
    /// - Returns: whether the row is kept.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the line and column of a target that is no number, not 0 or
    ///   1, or missing and refused.
    mutating func add(_ fields: [CSVReader.Field], of reader: CSVReader) throws(DatasetError) -> Bool {
        let start = values.count
        guard !columns.isEmpty else {
            addRow(of: .infinity)
            return true
        }
        for column in columns {
            let place = "line \(reader.line), \(CSVReader.words(column, names))"
            guard let number = reader.number(fields[column]), Float(number).isFinite else {
                let text = reader.text(fields[column])
                guard MissingValues.isMissing(text) else {
                    throw reader.malformed(
                        "\(place): the target '\(reader.excerpt(fields[column]))' is no number; classes are option label, not "
                            + "target")
                }
                if areOptional {
                    values.removeSubrange(start...)
                    addRow(of: .infinity)
                    return true
                }
                guard missing.leavesOut else {
                    throw reader.malformed(
                        "\(place): the target is missing (\(MissingValues.describe(text))); --dataset-options missing=drop leaves such rows out"
                    )
                }
                values.removeSubrange(start...)
                addRow(of: .nan)
                if leftOut == 0 { firstLeftOut = reader.line }
                leftOut += 1
                return false
            }
            guard !areLabels || number == 0 || number == 1 else {
                throw reader.malformed(
                    "\(place): the label '\(reader.excerpt(fields[column]))' is neither 0 nor 1; option target takes numbers"
                )
            }
            values.append(Float(number))
        }
        return true
    }

    /// Leaves the row out that was taken last, for want of a feature.
    mutating func leaveOutLast() {
        values.removeLast(width)
        addRow(of: .nan)
    }

    /// Adds a row that has no targets.
    private mutating func addRow(of mark: Float) {
        values.append(contentsOf: repeatElement(mark, count: width))
    }

    /// Checks that there is a row when all are read.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when no row has all targets.
    mutating func finish(_ reader: CSVReader) throws(DatasetError) {
        if leftOut > 0 {
            notes.append(
                .fact("\(leftOut) of \(rows) rows lack a target and are left out, the first in line \(firstLeftOut)"))
        }
        guard values.contains(where: { !$0.isNaN }) else { throw reader.malformed("holds no row with a target") }
    }
}
