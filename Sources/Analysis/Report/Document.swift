import FedCore
import Foundation

/// What a report says, whatever it is written as. It may tell of a folder that somebody has sent: what cannot be shown
/// is written out.
///
/// Texts are put in as they are; ``text`` and ``html(picture:)`` escape what their format needs.
public struct Document {
    /// The heading of all.
    let title: String
    /// In the order of reading; one without anything to show is left out of what is written.
    var sections: [Section] = []

    /// Makes a document.
    ///
    /// - Parameters:
    ///   - title: one line.
    ///   - sections: what is in it.
    public init(title: String, sections: [Section] = []) {
        self.title = title
        self.sections = sections
    }

    /// What belongs under one heading.
    public struct Section {
        /// The heading.
        let title: String
        /// In the order of reading; empty where the run has no data for the section.
        var blocks: [Block] = []

        /// Makes a section.
        ///
        /// - Parameters:
        ///   - title: one line.
        ///   - blocks: what is in it.
        public init(_ title: String, _ blocks: [Block] = []) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// A piece of a section.
    public enum Block {
        /// Running text, without line breaks: each format breaks it.
        case paragraph(String)
        /// Pairs, one a line; the order is the reader's.
        case facts([(name: String, value: String)])
        /// A command line to copy, on a line of its own however long it is.
        case command(String)
        /// Files beside the document, by what they are: a page links to them.
        case links([(name: String, file: String)])
        /// A table, which may be long.
        case table(Table)
        /// The file's name without its suffix, and what to say under it. Plain text has no pictures.
        case picture(String, caption: String)
    }

    /// Cells of text in rows and columns. Cells are formatted by whoever makes them.
    public struct Table {
        /// Headings of the columns.
        let columns: [String]
        /// How many columns, from the first, are words, which start at the left; the others are numbers, which end at
        /// the right.
        var words = 1
        /// Cells, `[row][column]`. Whoever adds a row sees to it that it has a cell for each column.
        var rows: [[String]] = []
        /// Said above a long table that a reader may want to fold away; nil for one that is always shown.
        var summary: String?

        /// Makes a table.
        ///
        /// - Parameters:
        ///   - columns: headings.
        ///   - words: how many columns, from the first, start at the left.
        ///   - rows: cells, `[row][column]`.
        ///   - summary: said above it.
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
    /// The headings and rows as plain text of 80 columns: what is too wide is written as ``FedCore/TableLayout`` does.
    ///
    /// - Complexity: O(cells), a few times.
    var lines: [String] {
        TableLayout(
            titles: columns.map(\.printable), isLeft: columns.indices.map { $0 < words },
            rows: rows.map { $0.map(\.printable) }
        ).lines(width: TableLayout.usualWidth)
    }
}

extension Document {
    /// As plain text of 80 columns, with headings underlined. Pictures are in the other report, and so is a section that has nothing
    /// else.
    public var text: String {
        var lines = [title, String(repeating: "=", count: title.count)]
        for section in sections {
            let blocks = section.blocks.filter { if case .picture = $0 { false } else { true } }
            guard !blocks.isEmpty else { continue }
            lines += ["", section.title, String(repeating: "-", count: section.title.count)]
            for (i, block) in blocks.enumerated() {
                if i > 0 { lines.append("") }
                switch block {
                case .paragraph(let text): lines += TableLayout.broken(text, to: TableLayout.usualWidth)
                case .facts(let facts): lines += Self.pairs(facts)
                case .links(let files): lines += Self.pairs(files.map { ($0.file, $0.name) })
                case .command(let command): lines += Self.continued("$ " + command)
                case .table(let table):
                    if let summary = table.summary { lines += TableLayout.broken(summary, to: TableLayout.usualWidth) }
                    lines += table.lines
                case .picture: break
                }
            }
        }
        return lines.map(\.printable).joined(separator: "\n") + "\n"
    }

    /// Pairs as lines, whose second halves begin under each other, also where they are broken.
    private static func pairs(_ facts: [(name: String, value: String)]) -> [String] {
        let width = (facts.map(\.name.count).max() ?? 0) + 2
        return facts.flatMap { name, value in
            TableLayout.broken(value, to: max(20, TableLayout.usualWidth - width)).enumerated().map { place, line in
                let head = place == 0 ? name : ""
                return head + String(repeating: " ", count: width - head.count) + line
            }
        }
    }

    /// A command in lines that a shell reads as one, broken before its options.
    private static func continued(_ command: String) -> [String] {
        var lines: [String] = []
        for part in command.components(separatedBy: " --").enumerated() {
            let text = part.offset == 0 ? part.element : "--" + part.element
            // Room for the sign that the command goes on.
            if let last = lines.last, last.count + 1 + text.count <= TableLayout.usualWidth - 2 {
                lines[lines.count - 1] = last + " " + text
            } else {
                lines.append((lines.isEmpty ? "" : "    ") + text)
            }
        }
        return lines.enumerated().map { $0.offset == lines.count - 1 ? $0.element : $0.element + " \\" }
    }
}
