import Experiments

// As people read it.
extension SweepTable {
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
}
