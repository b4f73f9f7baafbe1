import FedCore
import Foundation

/// A sweep's outcome as a table: a row for each point of the grid, over the point's seeds.
///
/// It holds data only; the command line prints it, and `sweep.csv` and the column are made from it. ``DistillPlan``'s
/// runs are shown by the same type.
package struct SweepTable {
    /// One point of the grid, with all its seeds.
    package struct Row {
        /// Names and values of the point, without the seed.
        package let coordinates: [(name: String, value: String)]
        /// Number of the point's runs in the grid.
        package var planned = 0
        /// Curves of the runs that are finished, in the order of their seeds.
        package var curves: [RunCurve] = []
    }

    /// The rows in the order in which the grid first has them.
    package private(set) var rows: [Row] = []
    /// Accuracy in (0, 1] that some columns refer to; nil when the sweep has none.
    package let target: Double?
    /// The columns.
    package let columns: [SweepColumn]

    /// Groups runs by their coordinates.
    ///
    /// - Parameters:
    ///   - runs: every run of the grid in its order, with its curve if it is finished.
    ///   - target: accuracy in (0, 1]; nil drops the columns that need one.
    ///   - columns: the columns to show; nil takes all that apply, and occasional ones where some run has a value.
    package init(
        _ runs: [(coordinates: [(name: String, value: String)], curve: RunCurve?)], target: Double?,
        columns: [SweepColumn]?
    ) {
        self.target = target
        var places: [[String]: Int] = [:]
        for (coordinates, curve) in runs {
            let key = coordinates.map(\.value)
            let place = places[key] ?? rows.count
            if place == rows.count {
                places[key] = place
                rows.append(Row(coordinates: coordinates))
            }
            rows[place].planned += 1
            if let curve { rows[place].curves.append(curve) }
        }
        self.columns =
            columns
            ?? SweepColumn.allCases.filter { column in
                guard !column.isOnRequest, !column.needsTarget || target != nil else { return false }
                return !column.isOccasional
                    || runs.contains { $0.curve.flatMap { column.value(of: $0, target: target) } != nil }
            }
    }

    /// A column's statistic over those runs of a row that have a value; nil when none has.
    ///
    /// - Parameters:
    ///   - column: a column.
    ///   - row: one of ``rows``.
    package func statistic(_ column: SweepColumn, of row: Row) -> SeedStatistic? {
        SeedStatistic(row.curves.compactMap { column.value(of: $0, target: target) })
    }

    /// A short text that tells a row from the others: `fedprox, alpha 0.1`.
    ///
    /// Coordinates that are the same in all rows are left out, unless nothing differs.
    package func label(of row: Row) -> String {
        let varied = row.coordinates.indices.filter { i in Set(rows.map { $0.coordinates[i].value }).count > 1 }
        let shown = (varied.isEmpty ? Array(row.coordinates.indices) : varied).map { row.coordinates[$0] }
        guard !shown.isEmpty else { return "all runs" }
        return Self.title(shown)
    }

    /// Settings that tell a run from others as its title: those whose values are names, such as a strategy's, come first
    /// and need no word before them.
    package static func title(_ settings: [(name: String, value: String)]) -> String {
        func isNamed(_ name: String) -> Bool { ["case", "strategy", "aggregation", "model"].contains(name) }
        return (settings.filter { isNamed($0.name) } + settings.filter { !isNamed($0.name) })
            .map { isNamed($0.name) ? $0.value : "\($0.name) \($0.value)" }.joined(separator: ", ")
    }

    /// The table for programs: for each column its mean, deviation and number of runs, each a column. An empty cell
    /// stands for a value that does not exist.
    package var csv: String { cells.map(CSVLine.text).joined(separator: "\n") + "\n" }

    /// The same as texts: the titles, then each row.
    package var cells: [[String]] {
        var lines = [
            (rows.first?.coordinates.map(\.name) ?? []) + ["runs", "finished"]
                + columns.flatMap { ["\($0.key)_mean", "\($0.key)_deviation", "\($0.key)_count"] }
        ]
        for row in rows {
            let columns = columns.flatMap { column -> [String] in
                let statistic = statistic(column, of: row)
                return [
                    statistic.map { "\($0.mean)" } ?? "", statistic?.deviation.map { "\($0)" } ?? "",
                    "\(statistic?.count ?? 0)",
                ]
            }
            lines.append(row.coordinates.map(\.value) + ["\(row.planned)", "\(row.curves.count)"] + columns)
        }
        return lines
    }

    /// A share in [0, 1] as percent with a decimal only where it is needed: 0.8 → 80 %, 0.825 → 82.5 %.
    package static func percent(_ share: Double) -> String {
        let text = NumberText.fixed(100 * share, 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
    }
}
