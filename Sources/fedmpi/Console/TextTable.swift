import FedCore

/// Rows of text in columns, with titles over them, that fit the terminal, or 80 columns where there is none.
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

    /// The lines, with two spaces between columns and none at their ends; ``TableLayout`` says what is done where they are
    /// too wide.
    ///
    /// - Complexity: O(cells), a few times.
    var text: String { text(width: Terminal.tableWidth) }

    /// The lines of at most so many characters.
    func text(width: Int) -> String {
        TableLayout(titles: rows[0], isLeft: alignments.map { $0 == .left }, rows: Array(rows.dropFirst()))
            .lines(width: width).joined(separator: "\n")
    }
}
