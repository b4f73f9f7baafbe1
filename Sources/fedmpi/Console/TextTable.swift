import FedCore

/// Rows of text in columns as wide as they need to be.
struct TextTable {
    /// Where a column's text stands in it.
    enum Alignment {
        case left, right
    }

    private let alignments: [Alignment]
    private var rows: [[String]]

    /// A table with a line of titles.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.title.printable)]
    }

    /// - Parameter cells: one of each column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == alignments.count, "a row has a cell in each column")
        rows.append(cells.map(\.printable))
    }

    /// The lines, without spaces at their ends.
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
