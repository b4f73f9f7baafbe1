import FedCore

extension CSVReader {
    /// Form of a text table, as the user describes it.
    struct Format: Sendable, Equatable {
        /// Accepted values of option `separator`.
        static let separators: [(name: String, byte: UInt8)] = [
            ("comma", UInt8(ascii: ",")), ("semicolon", UInt8(ascii: ";")), ("tab", UInt8(ascii: "\t")),
        ]

        /// The byte between two fields.
        let separator: UInt8
        /// Whether the first line has names. Nil: the first line itself shows it, or a column that is asked for
        /// by name does.
        let header: Bool?

        /// Reads options `separator` (`comma` by default) and `header`.
        ///
        /// - Throws: `ConfigurationError` when one is not accepted.
        init(_ options: inout OptionReader) throws(ConfigurationError) {
            let name = try options.choice("separator", default: "comma", of: Self.separators.map { $0.name })
            options.explain("what is between two columns")
            separator = Self.separators.first { $0.name == name }?.byte ?? UInt8(ascii: ",")
            header = try options.flag("header")
            options.explain("whether the first line names the columns; without it the line itself shows")
        }
    }

    /// A user's choice of a column: its name in the first line, or its number from 0, negative from the end.
    struct Column: Sendable, Equatable {
        /// The choice as it was typed.
        let text: String
        /// Whether it is a name: everything that is not a whole number.
        var isName: Bool { Int(text) == nil }

        /// Finds the column.
        ///
        /// - Parameters:
        ///   - columns: number of columns of the table.
        ///   - names: names of the columns; nil without a header.
        ///   - reader: the table's reader, for messages.
        /// - Returns: its index, in 0 ..< columns.
        /// - Throws: ``DatasetError/malformed(file:reason:)`` when there is no such column, or two of the name.
        func index(in columns: Int, names: [String]?, of reader: CSVReader) throws(DatasetError) -> Int {
            guard let number = Int(text) else {
                let names = names ?? []
                guard let index = names.firstIndex(of: text) else {
                    let alike = names.first { $0.lowercased() == text.lowercased() }
                    throw reader.malformed(
                        "has no column '\(text)'; line \(reader.line) names \(CSVHeader.list(names, most: 12))"
                            + (alike.map { ": '\($0)'?" } ?? "") + reader.separatorHint(columns: columns))
                }
                guard names.lastIndex(of: text) == index else {
                    throw reader.malformed("has two columns '\(text)'; ask for one of them by number")
                }
                return index
            }
            guard (-columns..<columns).contains(number) else {
                let hint = reader.separatorHint(columns: columns)
                throw reader.malformed("has no column \(number); there are \(columns), counted from 0\(hint)")
            }
            return number < 0 ? number + columns : number
        }
    }

    /// A column as messages call it: by its name, or where it has none by its number as people count, from 1. Options count
    /// from 0, so the words say how they count.
    ///
    /// - Parameters:
    ///   - index: its index, from 0.
    ///   - names: names of all columns; empty without a header.
    static func words(_ index: Int, _ names: [String]) -> String {
        words(index, named: names.indices.contains(index) ? names[index] : "")
    }

    /// The same of a column whose name is known; it is empty where there is none.
    static func words(_ index: Int, named name: String) -> String {
        name.isEmpty ? "column \(index + 1) (counted from 1)" : "column '\(name)'"
    }

    /// Columns as a user lists them, separated by spaces or commas.
    static func columns(_ text: String) -> [Column] {
        text.split { " ,".contains($0) }.map { Column(text: String($0)) }
    }

    /// A field as a class or another category. A number counts by its value: `3`, `3.0` and ` 3` are one.
    ///
    /// - Parameters:
    ///   - field: the field.
    ///   - what: what it is, in the message, e.g. `line 3: the label`.
    /// - Returns: its text, and its value if it is a number.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it is not UTF-8, or holds invisible characters.
    func category(
        _ field: Field, _ what: @autoclosure () -> String
    ) throws(DatasetError) -> (text: String, value: Double?) {
        guard let value = number(field) else { return (try name(field, what()), nil) }
        return (Int(exactly: value).map { "\($0)" } ?? "\(value)", value)
    }

    /// The texts of a header.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when one of them is not valid UTF-8 or holds
    ///   invisible characters.
    func columnNames(_ fields: [Field]) throws(DatasetError) -> [String] {
        var names: [String] = []
        for (column, field) in fields.enumerated() {
            names.append(try name(field, "line \(line), \(Self.words(column, [])): the name"))
        }
        return names
    }

    /// Advice for a message about columns when another separator makes more of them, judged by the first line;
    /// empty otherwise.
    func separatorHint(columns: Int) -> String {
        let head = firstLine
        let others = Format.separators.filter { $0.byte != separator }.map { choice in
            (choice.name, head.count { $0 == choice.byte } + 1)
        }
        guard let best = others.max(by: { $0.1 < $1.1 }), best.1 > columns else {
            let isOne = columns == 1 && head.contains { " |:".utf8.contains($0) }
            return isOne ? "; separators are \(Format.separators.map { $0.name }.joined(separator: ", "))" : ""
        }
        return "; with separator=\(best.0) there are \(best.1)"
    }
}
