import FedCore

/// What a report says, whatever it is written as. It may tell of a folder that somebody has sent: what cannot be shown is
/// written out.
public struct Document {
    let title: String
    var sections: [Section] = []

    public init(title: String, sections: [Section] = []) {
        self.title = title
        self.sections = sections
    }

    public struct Section {
        let title: String
        var blocks: [Block] = []

        public init(_ title: String, _ blocks: [Block] = []) {
            self.title = title
            self.blocks = blocks
        }
    }

    public enum Block {
        case paragraph(String)
        /// Pairs, one a line.
        case facts([(name: String, value: String)])
        case table(Table)
        /// The file's name without its suffix, and what to say under it.
        case picture(String, caption: String)
    }

    public struct Table {
        let columns: [String]
        /// How many columns, from the first, are words, which start at the left.
        var words = 1
        var rows: [[String]] = []
        /// Said above a long table that a reader may want to fold away.
        var summary: String?

        /// - Precondition: each row has a cell for each column.
        public init(columns: [String], words: Int = 1, rows: [[String]] = [], summary: String? = nil) {
            precondition(rows.allSatisfy { $0.count == columns.count }, "a row has a cell in each column")
            self.columns = columns
            self.words = words
            self.rows = rows
            self.summary = summary
        }
    }
}

extension Document.Table {
    /// Lines of equal width.
    var lines: [String] {
        let all = [columns] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < words ? cell.0 + space : space + cell.0
            }
            let line = cells.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count)).printable
        }
    }
}

extension Document {
    /// As plain text. Pictures are in the other report.
    public var text: String {
        var lines = [title, String(repeating: "=", count: title.count)]
        for section in sections {
            let blocks = section.blocks.filter { if case .picture = $0 { false } else { true } }
            guard !blocks.isEmpty else { continue }
            lines += ["", section.title, String(repeating: "-", count: section.title.count)]
            for (i, block) in blocks.enumerated() {
                if i > 0 { lines.append("") }
                switch block {
                case .paragraph(let text): lines += Self.wrapped(text)
                case .facts(let facts):
                    let width = facts.map(\.name.count).max() ?? 0
                    lines += facts.map {
                        $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value
                    }
                case .table(let table):
                    if let summary = table.summary { lines.append(summary) }
                    lines += table.lines
                case .picture: break
                }
            }
        }
        return lines.map(\.printable).joined(separator: "\n") + "\n"
    }

    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > 110 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
