import FedCore
import Foundation

/// A sweep's outcome: a row for each point of the grid, over its seeds.
struct SweepTable {
    /// A point, without the seed.
    struct Row {
        let coordinates: [(name: String, value: String)]
        /// Runs of the point.
        var planned = 0
        /// Those that are finished, in the order of their seeds.
        var curves: [RunCurve] = []
    }

    private(set) var rows: [Row] = []
    let target: Double?
    let figures: [SweepFigure]

    /// - Parameters:
    ///   - runs: every run of the grid, in its order, with its curve if it is finished.
    ///   - columns: nil takes those that there are.
    init(
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
    func statistic(_ figure: SweepFigure, of row: Row) -> SeedStatistic? {
        SeedStatistic(row.curves.compactMap { figure.value(of: $0, target: target) })
    }

    /// What tells a row from the others: `fedprox, alpha 0.1`; what is the same in all rows only if nothing differs.
    func label(of row: Row) -> String {
        let varied = row.coordinates.indices.filter { i in Set(rows.map { $0.coordinates[i].value }).count > 1 }
        let shown = (varied.isEmpty ? Array(row.coordinates.indices) : varied).map { row.coordinates[$0] }
        guard !shown.isEmpty else { return "all runs" }
        return shown.map {
            ["case", "strategy", "aggregation"].contains($0.name) ? $0.value : "\($0.name) \($0.value)"
        }
        .joined(separator: ", ")
    }

    private var isComplete: Bool { rows.allSatisfy { $0.curves.count == $0.planned } }

    private var titles: [String] {
        (rows.first?.coordinates.map(\.name) ?? []) + (isComplete ? [] : ["finished"])
            + figures.map { $0.title(target: target) }
    }

    private func cells(of row: Row) -> [String] {
        row.coordinates.map(\.value) + (isComplete ? [] : ["\(row.curves.count)/\(row.planned)"])
            + figures.map { cell($0, of: row) }
    }

    /// `19.5 ± 12.0 (2/3)`: mean and deviation of the two of three runs that reached the target.
    private func cell(_ figure: SweepFigure, of row: Row) -> String {
        guard let statistic = statistic(figure, of: row) else { return "–" }
        let text = statistic.text(decimals: figure.decimals)
        return figure.needsTarget && row.curves.count > 1 ? text + " (\(statistic.count)/\(row.curves.count))" : text
    }

    /// What the cells are.
    var legend: String {
        var parts = [String]()
        if rows.contains(where: { $0.planned > 1 }) { parts.append("mean ± sample standard deviation over the seeds") }
        if figures.contains(where: \.needsTarget) {
            parts.append("of those that reached the target in parentheses, – where none did")
        }
        return parts.joined(separator: "; ")
    }

    /// For a terminal.
    var text: String {
        let labels = titles.count - figures.count
        var table = TextTable(titles.enumerated().map { ($1, $0 < labels ? .left : .right) })
        for row in rows { table.add(cells(of: row)) }
        return table.text
    }

    /// For a README.
    var markdown: String {
        let labels = titles.count - figures.count
        func line(_ cells: [String]) -> String {
            "| " + cells.map(Markdown.text).joined(separator: " | ") + " |"
        }
        let rule = "|" + titles.indices.map { $0 < labels ? "---|" : "---:|" }.joined()
        return ([line(titles), rule] + rows.map { line(cells(of: $0)) }).joined(separator: "\n") + "\n"
    }

    /// For programs: every figure as mean and deviation, and how many runs have it.
    var csv: String {
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
    static func percent(_ share: Double) -> String {
        let text = Format.fixed(100 * share, 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
    }
}
