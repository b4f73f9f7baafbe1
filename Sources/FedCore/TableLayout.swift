/// Cells of text in rows and columns as lines that fit a width: headings are broken at their words, sentences in the last
/// column as well, long names lose their middle, and what is still too wide is written as several tables under each other.
///
/// ```swift
/// let layout = TableLayout(titles: ["run", "accuracy"], isLeft: [true, false], rows: [["a", "91.20 %"]])
/// print(layout.lines(width: 80).joined(separator: "\n"))
/// ```
package struct TableLayout {
    /// Characters of a line that every terminal has room for, and that texts for pipes and files keep to.
    package static let usualWidth = 80

    /// Headings of the columns.
    private let titles: [String]
    /// Whether each column starts at the left; the others end at the right.
    private let isLeft: [Bool]
    /// Cells, `[row][column]`.
    private let rows: [[String]]

    /// Characters that a name keeps when it is cut.
    private static let leastName = 12
    /// Characters of a line in which a sentence can still be read.
    private static let leastSentence = 16
    /// Spaces between two columns.
    private static let gap = 2

    /// Takes a table whose cells can be shown.
    ///
    /// - Parameters:
    ///   - titles: headings of the columns.
    ///   - isLeft: whether each column starts at the left, as words do; numbers end at the right.
    ///   - rows: cells, `[row][column]`.
    /// - Precondition: each row has a cell in each column.
    package init(titles: [String], isLeft: [Bool], rows: [[String]]) {
        precondition(isLeft.count == titles.count, "a column has an alignment")
        precondition(rows.allSatisfy { $0.count == titles.count }, "a row has a cell in each column")
        (self.titles, self.isLeft, self.rows) = (titles, isLeft, rows)
    }

    /// The lines, headings first. The first column names the rows, and is repeated where the table is parted; an empty line
    /// is between the parts. A table of few columns that are too wide stays so.
    ///
    /// - Parameter width: characters of a line at most; nil: as many as it takes.
    /// - Complexity: O(cells), a few times.
    package func lines(width: Int?) -> [String] {
        let natural = titles.indices.map { max(titles[$0].count, widest($0)) }
        var widths = natural
        let all = Array(titles.indices)
        guard let width, total(widths, all) > width else { return lines(all, widths) }
        breakTitles(&widths, all, width)
        if total(widths, all) > width,
            let broken = breakingSentences(to: width - total(widths, all.dropLast()) - Self.gap)
        {
            return broken.lines(width: width)
        }
        cutNames(&widths, all, width)
        guard total(widths, all) > width else { return lines(all, widths) }
        let narrow = least(brokenWidths)
        var parts: [[Int]] = []
        var part = [0]
        for column in all.dropFirst() {
            if part.count > 1, total(narrow, part + [column]) > width {
                parts.append(part)
                part = [0]
            }
            part.append(column)
        }
        parts.append(part)
        var lines: [String] = []
        for part in parts {
            // Each part has room for its headings and names again.
            var own = natural
            breakTitles(&own, part, width)
            cutNames(&own, part, width)
            if !lines.isEmpty { lines.append("") }
            lines += self.lines(part, own)
        }
        return lines
    }

    /// Whether the table is one of so many characters, when headings are broken and names are cut.
    ///
    /// - Parameters:
    ///   - width: characters of a line.
    ///   - name: characters that a name keeps; nil: as few as it is ever cut to.
    package func fits(_ width: Int, name: Int? = nil) -> Bool {
        total(least(brokenWidths, name: name ?? Self.leastName), Array(titles.indices)) <= width
    }

    /// The width of each column whose heading is broken at every word.
    private var brokenWidths: [Int] { titles.indices.map { max(longestWord($0), widest($0)) } }

    /// The widest cell of a column.
    private func widest(_ column: Int) -> Int { rows.reduce(0) { max($0, $1[column].count) } }

    /// The longest word of a heading: more cannot be gained by breaking it.
    private func longestWord(_ column: Int) -> Int { titles[column].split(separator: " ").map(\.count).max() ?? 0 }

    /// Characters of some columns with the gaps between them.
    private func total(_ widths: [Int], _ columns: [Int]) -> Int {
        columns.reduce(0) { $0 + widths[$1] } + Self.gap * (columns.count - 1)
    }

    /// The least widths: names as short as they may be cut.
    private func least(_ widths: [Int], name: Int = leastName) -> [Int] {
        widths.indices.map { isLeft[$0] ? min(widths[$0], max(name, longestWord($0))) : widths[$0] }
    }

    /// Makes columns narrower whose headings are wider than their cells, the widest first, until the table fits.
    private func breakTitles(_ widths: inout [Int], _ columns: [Int], _ width: Int) {
        let narrow = brokenWidths
        var isBroken = Set<Int>()
        while total(widths, columns) > width {
            guard let column = columns.filter({ widths[$0] > narrow[$0] }).max(by: { widths[$0] < widths[$1] }) else {
                break
            }
            widths[column] -= 1
            isBroken.insert(column)
        }
        // Broken lines may be shorter still.
        for column in isBroken {
            let lines = Self.broken(titles[column], to: widths[column])
            widths[column] = max(widest(column), lines.map(\.count).max() ?? 0)
        }
    }

    /// The table with the sentences of the last column in lines of so many characters, each in a row of its own; nil where
    /// there are none, or too little room for them.
    private func breakingSentences(to width: Int) -> TableLayout? {
        guard isLeft.count > 1, isLeft.last == true, width >= Self.leastSentence,
            rows.contains(where: { $0.last.map { $0.count > width && $0.contains(" ") } ?? false })
        else { return nil }
        let broken = rows.flatMap { row in
            Self.broken(row.last ?? "", to: width).enumerated().map { line, words in
                (line == 0 ? Array(row.dropLast()) : row.dropLast().map { _ in "" }) + [words]
            }
        }
        return TableLayout(titles: titles, isLeft: isLeft, rows: broken)
    }

    /// Cuts names, the longest first, until the table fits.
    private func cutNames(_ widths: inout [Int], _ columns: [Int], _ width: Int) {
        let least = least(widths)
        while total(widths, columns) > width {
            guard let column = columns.filter({ widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] }) else {
                return
            }
            widths[column] -= 1
        }
    }

    /// Lines of some columns, each as wide as is said.
    private func lines(_ columns: [Int], _ widths: [Int]) -> [String] {
        let titles = columns.map { Self.broken(self.titles[$0], to: widths[$0]) }
        let height = titles.map(\.count).max() ?? 1
        // A short heading stands at the bottom, over its numbers.
        var all = (0..<height).map { line in titles.map { $0.count + line < height ? "" : $0[$0.count + line - height] }
        }
        all += rows.map { row in columns.map { Self.cut(row[$0], to: widths[$0]) } }
        return all.map { cells in
            let padded = zip(columns, cells).map { column, cell in
                let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
                return isLeft[column] ? cell + space : space + cell
            }
            let line = padded.joined(separator: String(repeating: " ", count: Self.gap))
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
        }
    }

    /// A text's words in lines of at most so many characters; a longer word has a line of its own.
    package static func broken(_ text: String, to width: Int) -> [String] {
        guard text.count > width else { return [text] }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.isEmpty ? [text] : lines
    }

    /// A text of at most so many characters: both ends of a longer one, with `…` for what was between, because names of
    /// runs differ at either.
    package static func cut(_ text: String, to width: Int) -> String {
        guard text.count > width, width > 1 else { return text }
        return "\(text.prefix(width / 2))…\(text.suffix(width - width / 2 - 1))"
    }
}
