import FedCore

/// A user's file that says who gets what, with options `file`, `header` and `separator`: text, or an array of NumPy's.
struct UserTable: Sendable {
    let path: String
    private let format: CSVReader.Format

    init(_ options: inout OptionReader) throws(ConfigurationError) {
        guard let path = options.text("file"), !path.isEmpty else {
            throw ConfigurationError("\(options.owner) needs the option file=FILE")
        }
        self.path = path
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

    /// One column as texts. O(file).
    /// - Throws: what is wrong with the file, in one line.
    func column(_ column: CSVReader.Column) throws(ConfigurationError) -> [String] {
        do throws(DatasetError) {
            if isArray { return try NPYArray(path: path).integers(column: column).map { "\($0)" } }
            var reader = try CSVReader(path: path, separator: format.separator)
            var texts: [String] = []
            var fields: [CSVReader.Field] = []
            var names: [String]?
            if format.header ?? column.isName, try reader.next(&fields) { names = fields.map { reader.text($0) } }
            var index = 0
            while try reader.next(&fields) {
                if texts.isEmpty { index = try column.index(in: fields.count, names: names, of: reader) }
                texts.append(reader.text(fields[index]))
            }
            return texts
        } catch {
            throw ConfigurationError(error.description)
        }
    }
}
