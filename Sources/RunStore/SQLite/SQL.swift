/// The text of a statement. It can only be made of literals in this program's source, of other such texts, and of
/// quoted names: a value from elsewhere cannot be put into it by mistake (SQL injection), but goes along as an
/// argument.
///
/// ```swift
/// let row: SQL = "SELECT * FROM \(table) WHERE run_id = ?"
/// ```
struct SQL: ExpressibleByStringInterpolation {
    /// The text as SQLite gets it.
    let text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation parts: Interpolation) { text = parts.text }

    /// What may stand in `\(…)` of a statement; a `String` may not.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        /// Another text of the program, such as a table's name.
        mutating func appendInterpolation(_ part: SQL) { text += part.text }
        /// A whole number, which cannot be anything but a literal.
        mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
        /// Names of columns in double quotes, with commas between them.
        mutating func appendInterpolation(columns: [String]) {
            // Within double quotes only the double quote means something (https://www.sqlite.org/lang_keywords.html).
            text += columns.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ", ")
        }
        /// Parameters (`?`) with commas between them, e.g. `?, ?, ?` for 3.
        mutating func appendInterpolation(parameters count: Int) {
            text += repeatElement("?", count: count).joined(separator: ", ")
        }
    }
}

/// The values of a statement's parameters: in their order (`?`), as an array literal, or by name (`:name`), as a
/// dictionary literal.
struct Arguments: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// The values; a name has its colon.
    let values: [(name: String?, value: SQLValue)]

    /// Values in the order of the parameters.
    init(_ values: [SQLValue]) { self.values = values.map { (nil, $0) } }
    /// Values by the parameters' names, colons included.
    init(named values: [(name: String?, value: SQLValue)]) { self.values = values }
    init(arrayLiteral values: any SQLConvertible...) { self.init(values.map(\.sql)) }
    init(dictionaryLiteral values: (String, any SQLConvertible)...) {
        self.values = values.map { (":" + $0, $1.sql) }
    }
}
