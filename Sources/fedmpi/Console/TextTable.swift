import FedCore

/// Rows of text in columns that are as wide as they need to be, with a line of titles.
///
/// ```swift
/// var table = TextTable([("run", .left), ("accuracy", .right)])
/// table.add(["a", "91.20 %"])
/// print(table.text)
/// ```
struct TextTable {
    /// The side of its column on which a text stands: words left, numbers right.
    enum Alignment {
        case left, right
    }

    /// The alignment of each column.
    private let alignments: [Alignment]
    /// All lines, titles first; each has a cell in each column.
    private var rows: [[String]]

    /// Makes a table without rows.
    ///
    /// - Parameter columns: titles and alignments, from left to right.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.title.printable)]
    }

    /// Adds a row.
    ///
    /// - Parameter cells: one for each column; what cannot be shown in them is made printable.
    /// - Precondition: there are as many cells as columns.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == alignments.count, "a row has a cell in each column")
        rows.append(cells.map(\.printable))
    }

    /// The lines, with two spaces between columns and none at their ends.
    ///
    /// - Complexity: O(cells), twice.
    var text: String { Self.lines(rows, alignments).joined(separator: "\n") }

    /// The same in lines of at most 80 characters.
    ///
    /// Where it is too wide and words stand in the last column, these are broken over several lines, as long as sixteen
    /// characters are left to them. Otherwise columns that do not fit come below, each time behind the first one.
    ///
    /// - Complexity: O(cells) for each part.
    var narrowText: String {
        let widths = widths
        guard Self.width(of: widths) > Self.mostColumns else { return text }
        let room = Self.mostColumns - Self.width(of: widths.dropLast()) - Self.gap.count
        if alignments.last == .left, room >= Self.leastWords { return wrapped(lastTo: room) }
        var parts: [String] = []
        var columns = [0]
        for column in widths.indices.dropFirst() {
            if columns.count > 1, Self.width(of: (columns + [column]).map { widths[$0] }) > Self.mostColumns {
                parts.append(part(columns))
                columns = [0]
            }
            columns.append(column)
        }
        return (parts + [part(columns)]).joined(separator: "\n\n")
    }

    /// Characters of a line of a usual terminal.
    private static let mostColumns = 80
    /// Characters below which words are not broken into lines.
    private static let leastWords = 16
    /// What stands between two columns.
    private static let gap = "  "

    /// Characters of each column.
    private var widths: [Int] {
        alignments.indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
    }

    /// Characters of a line of columns.
    private static func width(of widths: some Collection<Int>) -> Int {
        widths.reduce(0, +) + gap.count * max(0, widths.count - 1)
    }

    /// Some of the columns as a table of its own.
    private func part(_ columns: [Int]) -> String {
        Self.lines(rows.map { row in columns.map { row[$0] } }, columns.map { alignments[$0] }).joined(separator: "\n")
    }

    /// The table with the last column's words broken into lines.
    ///
    /// - Parameter width: characters of that column.
    private func wrapped(lastTo width: Int) -> String {
        var broken: [[String]] = []
        for row in rows {
            let lines = SettingsText.wrapped(row[row.count - 1], indent: 0, first: 0, width: width)
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for (place, line) in lines.enumerated() {
                broken.append((place == 0 ? row.dropLast() : row.dropLast().map { _ in "" }) + [line])
            }
        }
        return Self.lines(broken, alignments).joined(separator: "\n")
    }

    /// Rows as lines.
    private static func lines(_ rows: [[String]], _ alignments: [Alignment]) -> [String] {
        let widths = alignments.indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
        return rows.map { row in
            let cells = row.indices.map { column in
                alignments[column] == .left
                    ? Format.leftAligned(row[column], to: widths[column])
                    : Format.padded(row[column], to: widths[column])
            }
            let line = cells.joined(separator: gap)
            return String(
                line.prefix(line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 } ?? 0))
        }
    }
}
