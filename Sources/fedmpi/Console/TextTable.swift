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
    var text: String {
        let widths = alignments.indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
        return rows.map { row in
            let cells = row.indices.map { column in
                alignments[column] == .left
                    ? Format.leftAligned(row[column], to: widths[column])
                    : Format.padded(row[column], to: widths[column])
            }
            let line = cells.joined(separator: "  ")
            return String(
                line.prefix(line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 } ?? 0))
        }.joined(separator: "\n")
    }
}
