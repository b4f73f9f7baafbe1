/// The targets of a text table: columns of numbers that are learnt, or of zeros and ones that are labels.
struct CSVTargets {
    /// Indices of the columns, in the order of the outputs.
    let columns: [Int]
    /// Whether each is a label, 0 or 1.
    let areLabels: Bool
    /// The targets, `[rows, columns]`; NaN in rows that are left out.
    private(set) var values: [Float] = []
    /// Remarks for the user.
    private(set) var notes: [DatasetNote] = []

    private let missing: MissingValues
    private var leftOut = 0
    private var firstLeftOut = 0

    /// Creates an empty list.
    init(columns: [Int], areLabels: Bool, missing: MissingValues) {
        self.columns = columns
        self.areLabels = areLabels
        self.missing = missing
    }

    /// Number of rows so far.
    var rows: Int { values.count / columns.count }

    /// Takes the targets of the record read last. O(columns).
    ///
    /// - Returns: whether the row is kept.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the line and column of a target that is no number, not 0 or
    ///   1, or missing and refused.
    mutating func add(_ fields: [CSVReader.Field], of reader: CSVReader) throws(DatasetError) -> Bool {
        let start = values.count
        for column in columns {
            let place = "line \(reader.line), column \(column)"
            guard let number = reader.number(fields[column]), Float(number).isFinite else {
                let text = reader.text(fields[column])
                guard MissingValues.isMissing(text) else {
                    throw reader.malformed("\(place): the target '\(reader.excerpt(fields[column]))' is no number")
                }
                guard missing.leavesOut else {
                    throw reader.malformed(
                        "\(place): the target is missing (\(MissingValues.describe(text))); missing=drop leaves such rows out"
                    )
                }
                values.removeSubrange(start...)
                skipRow()
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
        values.removeLast(columns.count)
        skipRow()
    }

    private mutating func skipRow() {
        values.append(contentsOf: repeatElement(.nan, count: columns.count))
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
