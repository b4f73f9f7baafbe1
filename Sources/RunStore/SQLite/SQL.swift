/// Text of a statement: what this program's source says, and names between quotes. What comes from elsewhere goes along as
/// an argument.
struct SQL: ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation parts: Interpolation) { text = parts.text }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ part: SQL) { text += part.text }
        mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
        /// Names of columns with commas between them.
        mutating func appendInterpolation(columns: [String]) {
            // Within double quotes only the double quote means something (https://www.sqlite.org/lang_keywords.html).
            text += columns.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ", ")
        }
        /// So many parameters with commas between them.
        mutating func appendInterpolation(parameters count: Int) {
            text += repeatElement("?", count: count).joined(separator: ", ")
        }
    }
}

/// Values of a statement's parameters: in their order (`?`), or by name (`:name`).
struct Arguments: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// A name has its colon.
    let values: [(name: String?, value: SQLValue)]

    init(_ values: [SQLValue]) { self.values = values.map { (nil, $0) } }
    init(arrayLiteral values: any SQLConvertible...) { self.init(values.map(\.sql)) }
    init(dictionaryLiteral values: (String, any SQLConvertible)...) {
        self.values = values.map { (":" + $0, $1.sql) }
    }
}
