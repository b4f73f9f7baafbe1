import Experiments
import FedCore

/// Runs beside the best of them, with what a paired t-test says: the table of a sweep, and of a comparison of its runs.
struct PairedTable {
    /// Names of the runs and of the best, and the final accuracies of the runs minus those of the best.
    let rows: [(runs: String, best: String, test: PairedTest)]

    /// A row for programs; the difference is a share of 1.
    struct Row: Encodable {
        let runs, best: String
        let difference, probability, corrected: Double
        let seeds: Int
    }

    /// The rows for programs.
    var encodable: [Row] {
        zip(rows, PairedTest.holm(rows.map(\.test.probability))).map { row, corrected in
            Row(
                runs: row.runs, best: row.best, difference: row.test.differences.mean,
                probability: row.test.probability, corrected: corrected, seeds: row.test.differences.count)
        }
    }

    private static let titles = ["runs", "beside", "points", "seeds", "p", "p, Holm", "at 5 %"]
    private static let legend =
        "beside: the best in the mean, chosen after seeing them. points of final accuracy, mean ± deviation of the differences of "
        + "runs with equal seeds; p: their two-sided paired t-test, with one degree of freedom less than seeds; Holm: corrected for the "
        + "number of rows. A few seeds show large differences only, and nothing is said of other test samples."

    /// The table and its legend for a terminal; empty where nothing can be compared.
    func text(width: Int = Terminal.tableWidth) -> String {
        guard !rows.isEmpty else { return "" }
        var table = TextTable(zip(Self.titles, [.left, .left, .right, .right, .right, .right, .left]).map { ($0, $1) })
        for row in cells { table.add(row) }
        return ([table.text(width: width)] + TableLayout.broken(Self.legend, to: width)).joined(separator: "\n")
    }

    /// The same for a sweep's page, with an empty line before it; empty where nothing can be compared.
    var markdown: String {
        guard !rows.isEmpty else { return "" }
        let lines = [Markdown.line(Self.titles), "|---|---|---:|---:|---:|---:|---|"] + cells.map(Markdown.line)
        return "\n" + lines.joined(separator: "\n")
            + "\n\n\(Self.legend.prefix(1).uppercased() + Self.legend.dropFirst())\n"
    }

    private var cells: [[String]] {
        zip(rows, PairedTest.holm(rows.map(\.test.probability))).map { row, corrected in
            let (runs, best, test) = row
            let (mean, deviation) = (100 * test.differences.mean, 100 * (test.differences.deviation ?? 0))
            return [
                runs, best, "\(Format.fixed(mean, 1)) ± \(Format.fixed(deviation, 1))", "\(test.differences.count)",
                Self.text(test.probability), Self.text(corrected), corrected < 0.05 ? "differs" : "not told apart",
            ]
        }
    }

    private static func text(_ probability: Double) -> String {
        probability < 0.0005 ? "<0.001" : Format.fixed(probability, 3)
    }
}
