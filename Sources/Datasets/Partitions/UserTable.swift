import FedCore

/// A user's file that says who gets what, with options `file`, `header` and `separator`: text, or an array of NumPy's.
struct UserTable: Sendable {
    let path: String
    private let format: CSVReader.Format

    init(_ options: inout OptionReader) throws(ConfigurationError) {
        path = try options.required("file", "FILE")
        format = try CSVReader.Format(&options)
    }

    private var isArray: Bool { path.hasSuffix(".npy") }

    /// Rows of whole numbers from 0 on. O(file).
    /// - Throws: what is wrong with the file, in one line.
    func counts() throws(ConfigurationError) -> [[Int]] {
        do throws(DatasetError) {
            return isArray ? try NPYArray(path: path).countRows() : try textCounts()
        } catch {
            throw ConfigurationError(error.description)
        }
    }

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
                        "line \(reader.line), column \(column): '\(reader.excerpt(field))' is no count")
                }
                row.append(Int(count))
            }
            rows.append(row)
        }
        return rows
    }

    /// One column as texts, without blanks around them; of a number counts the value: `3.0` is `3`. O(file).
    /// - Throws: what is wrong with the file, in one line: also a row without a value.
    func column(_ column: CSVReader.Column) throws(ConfigurationError) -> [String] {
        do throws(DatasetError) {
            if isArray { return try NPYArray(path: path).integers(column: column).map { "\($0)" } }
            var reader = try CSVReader(path: path, separator: format.separator)
            var texts: [String] = []
            var fields: [CSVReader.Field] = []
            guard try reader.next(&fields) else { return [] }
            let asked = format.header ?? (column.isName ? true : nil)
            let names = asked == true ? try reader.columnNames(fields) : nil
            let index = try column.index(in: fields.count, names: names, of: reader)
            if try !isHeader(fields, asked: asked, of: reader) { texts.append(try value(fields[index], of: reader)) }
            while try reader.next(&fields) { texts.append(try value(fields[index], of: reader)) }
            return texts
        } catch {
            throw ConfigurationError(error.description)
        }
    }

    /// Columns may be of any kind here: unless the user says so, only numbers that count are a header.
    private func isHeader(
        _ fields: [CSVReader.Field], asked: Bool?, of reader: CSVReader
    ) throws(DatasetError) -> Bool {
        if let asked { return asked }
        return try CSVHeader.judge(fields, asked: nil, features: Array(fields.indices), of: reader, needsNumbers: true)
            .isHeader
    }

    private func value(_ field: CSVReader.Field, of reader: CSVReader) throws(DatasetError) -> String {
        if let whole = reader.number(field).flatMap({ Int(exactly: $0) }) { return "\(whole)" }
        let text = reader.text(field)
        guard !MissingLabels.isMissing(text) else {
            throw reader.malformed("line \(reader.line) names no client ('\(reader.excerpt(field))')")
        }
        return text
    }
}
