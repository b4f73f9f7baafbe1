import FedCore
import Foundation

/// A sweep's outcome: a row for each point of the grid, over its seeds.
package struct SweepTable {
    /// A point, without the seed.
    package struct Row {
        package let coordinates: [(name: String, value: String)]
        /// Runs of the point.
        package var planned = 0
        /// Those that are finished, in the order of their seeds.
        package var curves: [RunCurve] = []
    }

    package private(set) var rows: [Row] = []
    package let target: Double?
    package let figures: [SweepFigure]

    /// - Parameters:
    ///   - runs: every run of the grid, in its order, with its curve if it is finished.
    ///   - columns: nil takes those that there are.
    package init(
        _ runs: [(coordinates: [(name: String, value: String)], curve: RunCurve?)], target: Double?,
        columns: [SweepFigure]?
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
        figures =
            columns
            ?? SweepFigure.allCases.filter { figure in
                guard !figure.needsTarget || target != nil else { return false }
                return !figure.isOccasional
                    || runs.contains { $0.curve.flatMap { figure.value(of: $0, target: target) } != nil }
            }
    }

    /// A figure of a row, over those of its runs that have it.
    package func statistic(_ figure: SweepFigure, of row: Row) -> SeedStatistic? {
        SeedStatistic(row.curves.compactMap { figure.value(of: $0, target: target) })
    }

    /// What tells a row from the others: `fedprox, alpha 0.1`; what is the same in all rows only if nothing differs.
    package func label(of row: Row) -> String {
        let varied = row.coordinates.indices.filter { i in Set(rows.map { $0.coordinates[i].value }).count > 1 }
        let shown = (varied.isEmpty ? Array(row.coordinates.indices) : varied).map { row.coordinates[$0] }
        guard !shown.isEmpty else { return "all runs" }
        return shown.map {
            ["case", "strategy", "aggregation"].contains($0.name) ? $0.value : "\($0.name) \($0.value)"
        }
        .joined(separator: ", ")
    }

    /// For programs: every figure as mean and deviation, and how many runs have it.
    package var csv: String {
        var lines = [
            CSVLine.text(
                (rows.first?.coordinates.map(\.name) ?? []) + ["runs", "finished"]
                    + figures.flatMap { ["\($0.key)_mean", "\($0.key)_deviation", "\($0.key)_count"] })
        ]
        for row in rows {
            let figures = figures.flatMap { figure -> [String] in
                let statistic = statistic(figure, of: row)
                return [
                    statistic.map { "\($0.mean)" } ?? "", statistic?.deviation.map { "\($0)" } ?? "",
                    "\(statistic?.count ?? 0)",
                ]
            }
            lines.append(
                CSVLine.text(row.coordinates.map(\.value) + ["\(row.planned)", "\(row.curves.count)"] + figures))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// 0.8 → 80 %, 0.825 → 82.5 %.
    package static func percent(_ share: Double) -> String {
        let text = Figures.fixed(100 * share, 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
    }
}
