import FedCore

extension CSVReader {
    /// What a user says about the form of a text table.
    struct Format: Sendable, Equatable {
        /// The choices of option `separator`.
        static let separators: [(name: String, byte: UInt8)] = [
            ("comma", UInt8(ascii: ",")), ("semicolon", UInt8(ascii: ";")), ("tab", UInt8(ascii: "\t")),
        ]

        let separator: UInt8
        /// Whether the first line has names; nil: the first line shows it, and it has if a column is asked for by its name.
        let header: Bool?

        init(_ options: inout OptionReader) throws(ConfigurationError) {
            let name = try options.choice("separator", default: "comma", of: Self.separators.map { $0.name })
            separator = Self.separators.first { $0.name == name }?.byte ?? UInt8(ascii: ",")
            header = try options.flag("header")
        }
    }

    /// Which column: its name in the first line, or its number from 0, negative from the end.
    struct Column: Sendable, Equatable {
        let text: String
        var isName: Bool { Int(text) == nil }

        /// - Throws: `DatasetError.malformed` when there is no such column, or two of the name.
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

    /// The texts of a header.
    /// - Throws: `DatasetError.malformed` when one of them is no name.
    func columnNames(_ fields: [Field]) throws(DatasetError) -> [String] {
        var names: [String] = []
        for (column, field) in fields.enumerated() {
            names.append(try name(field, "line \(line), column \(column): the name"))
        }
        return names
    }

    /// What to add to a message about columns when another separator makes more of them, from the first line; else empty.
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
