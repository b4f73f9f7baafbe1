import FedCore

/// A file of the user's that decides who gets what: text, or an array of NumPy's when its name ends in `.npy`.
///
/// Shared by the partitioners that read one; it takes the options `file`, `header` and `separator`. A fault in
/// the file is a fault in the settings, so errors are `ConfigurationError`.
struct UserTable: Sendable {
    /// Path of the file, as the user gave it.
    let path: String
    private let format: CSVReader.Format

    /// Reads the options; the file is opened later.
    ///
    /// - Throws: `ConfigurationError` when `file` is missing or another option is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError) {
        path = try options.required("file", "FILE")
        format = try CSVReader.Format(&options)
    }

    private var isArray: Bool { path.hasSuffix(".npy") }

    /// Reads a table of counts.
    ///
    /// - Returns: rows of whole numbers from 0 to 2³¹ − 1, all rows of one length.
    /// - Throws: `ConfigurationError` with what is wrong with the file, in one line.
    /// - Complexity: O(file).
    func counts() throws(ConfigurationError) -> [[Int]] {
        do throws(DatasetError) {
            return isArray ? try NPYArray(path: path).countRows() : try textCounts()
        } catch {
            throw ConfigurationError(error.description)
        }
    }

    /// The counts of a text file; the first line is names only with `header=true`.
    private func textCounts() throws(DatasetError) -> [[Int]] {
        var reader = try CSVReader(path: path, separator: format.separator)
        var rows: [[Int]] = []
        var fields: [CSVReader.Field] = []
        if format.header == true { _ = try reader.next(&fields) }
        while try reader.next(&fields) {
            var row: [Int] = []
            for (column, field) in fields.enumerated() {
                guard let number = reader.number(field), let count = Int32(exactly: number), count >= 0 else {
                    throw reader.malformed(
                        "line \(reader.line), \(CSVReader.words(column, [])): '\(reader.excerpt(field))' is no count")
                }
                row.append(Int(count))
            }
            rows.append(row)
        }
        return rows
    }

    /// Reads one column as texts, without the blanks around them. A whole number counts by its value: `3.0` is
    /// `3`.
    ///
    /// - Parameter column: name or number of the column; an array has numbers only.
    /// - Returns: a text for each row; nil where it stands for "no value".
    /// - Throws: `ConfigurationError` with what is wrong with the file, in one line.
    /// - Complexity: O(file).
    func column(_ column: CSVReader.Column) throws(ConfigurationError) -> [String?] {
        do throws(DatasetError) {
            if isArray { return try NPYArray(path: path).integers(column: column).map { "\($0)" } }
            var reader = try CSVReader(path: path, separator: format.separator)
            var texts: [String?] = []
            var fields: [CSVReader.Field] = []
            guard try reader.next(&fields) else { return [] }
            let asked = format.header ?? (column.isName ? true : nil)
            let names = asked == true ? try reader.columnNames(fields) : nil
            let index = try column.index(in: fields.count, names: names, of: reader)
            if try !isHeader(fields, asked: asked, of: reader) { texts.append(value(fields[index], of: reader)) }
            while try reader.next(&fields) { texts.append(value(fields[index], of: reader)) }
            return texts
        } catch {
            throw ConfigurationError(error.description)
        }
    }

    /// Whether the first line is a header. Columns may be of any kind here, so texts alone do not make it one:
    /// unless the user says so, only numbers that count up do.
    private func isHeader(
        _ fields: [CSVReader.Field], asked: Bool?, of reader: CSVReader
    ) throws(DatasetError) -> Bool {
        if let asked { return asked }
        return try CSVHeader.judge(fields, asked: nil, features: Array(fields.indices), of: reader, needsNumbers: true)
            .isHeader
    }

    /// The text of a field; nil when it stands for "no value".
    private func value(_ field: CSVReader.Field, of reader: CSVReader) -> String? {
        if let whole = reader.number(field).flatMap({ Int(exactly: $0) }) { return "\(whole)" }
        let text = reader.text(field)
        return MissingValues.isMissing(text) ? nil : text
    }
}
