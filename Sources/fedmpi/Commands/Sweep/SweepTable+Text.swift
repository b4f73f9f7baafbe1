import Experiments
import FedCore

/// The table as people read it: on a terminal and as Markdown.
extension SweepTable {
    /// Whether every planned run has finished; otherwise a column says how many have.
    private var isComplete: Bool { rows.allSatisfy { $0.curves.count == $0.planned } }

    /// Titles of all columns: coordinates, finished runs if some are missing, columns.
    private var titles: [String] {
        (rows.first?.coordinates.map(\.name) ?? []) + (isComplete ? [] : ["finished"])
            + columns.map { $0.title(target: target) }
    }

    /// Texts of a row, one for each title.
    private func cells(of row: Row) -> [String] {
        row.coordinates.map(\.value) + (isComplete ? [] : ["\(row.curves.count)/\(row.planned)"])
            + columns.map { cell($0, of: row) }
    }

    /// A column as mean and sample standard deviation over the seeds, e.g. `19.5 ± 12.0 (2/3)`: of the two of
    /// three runs that reached the target. Without the count, a strategy that rarely gets there would look fast.
    private func cell(_ column: SweepColumn, of row: Row) -> String {
        guard let statistic = statistic(column, of: row) else { return "–" }
        let text = statistic.text(decimals: decimals(of: column))
        return column.needsTarget && row.curves.count > 1 ? text + " (\(statistic.count)/\(row.curves.count))" : text
    }

    /// Digits behind the point: those of the column, and as many more as the least of its means needs not to be 0.
    private func decimals(of column: SweepColumn) -> Int {
        var decimals = column.decimals
        let means = rows.compactMap { statistic(column, of: $0)?.mean.magnitude }.filter { $0 > 0 }
        guard [.upload, .uploaded, .seconds].contains(column), var least = means.min() else { return decimals }
        for _ in 0..<decimals { least *= 10 }
        while least < 1, decimals < 6 {
            least *= 10
            decimals += 1
        }
        return decimals
    }

    /// What the columns in the cells mean, in words; empty when they need no explanation.
    var legend: String {
        var parts = [String]()
        if rows.contains(where: { $0.planned > 1 }) { parts.append("mean ± sample standard deviation over the seeds") }
        if columns.contains(where: \.needsTarget) {
            parts.append("in parentheses how many of the runs reached the target, – where none did")
        }
        return parts.joined(separator: "; ")
    }

    /// The table for a terminal: coordinates to the left of their columns, columns to the right. Seconds of the wall clock
    /// go, when they are all that does not fit: they say more of the machine than of the runs.
    func text(width: Int = Terminal.tableWidth) -> String {
        let labels = titles.count - columns.count
        func layout(without last: Int) -> TableLayout {
            TableLayout(
                titles: titles.dropLast(last).map(\.printable),
                isLeft: titles.indices.dropLast(last).map { $0 < labels },
                rows: rows.map { cells(of: $0).dropLast(last).map(\.printable) })
        }
        let whole = layout(without: 0)
        let isParted = columns.last == .seconds && !whole.fits(width) && layout(without: 1).fits(width)
        return (isParted ? layout(without: 1) : whole).lines(width: width).joined(separator: "\n")
            + (isParted ? "\nwall s has no room here: table.csv has it" : "")
    }

    /// Each row beside the best of its kind, run against run of the same seed.
    var paired: PairedTable {
        PairedTable(rows: comparisons.map { (label(of: $0.row), label(of: $0.best), $0.test) })
    }

    /// The table for a README, with a line end behind the last row.
    var markdown: String {
        let labels = titles.count - columns.count
        let rule = "|" + titles.indices.map { $0 < labels ? "---|" : "---:|" }.joined()
        return ([Markdown.line(titles), rule] + rows.map { Markdown.line(cells(of: $0)) }).joined(separator: "\n")
            + "\n"
    }
}
