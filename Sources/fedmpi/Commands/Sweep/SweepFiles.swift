import Analysis
import Experiments
import Files
import Foundation

/// What a sweep leaves in its folder beside its runs: `table.md`, `table.csv`, and `accuracy.png` with its script and
/// data.
struct SweepFiles {
    private let folder: URL
    private let name: String
    private let points: [SweepPoint]

    init(_ plan: SweepPlan) {
        folder = plan.folder
        name = plan.name
        points = plan.points
    }

    /// To be called when MPI is finalised: programs are started.
    /// - Returns: lines that say where things are.
    func write(_ table: SweepTable, _ outcomes: [SweepOutcome]) throws -> [String] {
        var page = "# \(Markdown.text(name))\n\n" + table.markdown
        if !table.legend.isEmpty { page += "\n\(table.legend.prefix(1).uppercased() + table.legend.dropFirst()).\n" }
        for outcome in outcomes.sorted(by: { $0.index < $1.index }) {
            guard case .failed(let reason) = outcome.end else { continue }
            page += "\n`\(points[outcome.index].name)` failed: \(Markdown.text(reason))\n"
        }
        try folder.appendingPathComponent("table.md").replaceContents(with: page)
        try folder.appendingPathComponent("table.csv").replaceContents(with: table.csv)
        try report(outcomes)
        return ["table     \(folder.relativePath)/table.md, table.csv", try draw(table)]
    }

    /// Reports of the runs that were done, where the file asks for them.
    private func report(_ outcomes: [SweepOutcome]) throws {
        for outcome in outcomes {
            guard case .finished = outcome.end, points[outcome.index].hasReport else { continue }
            let run = folder.appendingPathComponent("runs/\(points[outcome.index].name)", isDirectory: true)
            try Report.write(try RecordedRun(in: run), tables: false, notes: false)
        }
    }

    /// What became of the figure, as a line.
    private func draw(_ table: SweepTable) throws -> String {
        guard let picture = table.picture(title: "\(name): accuracy by round") else {
            return "no figure: no run has finished"
        }
        switch try Gnuplot.draw([picture], in: folder) {
        case .drawn: return "figure    \(folder.relativePath)/\(picture.name).png"
        case .missing: return Gnuplot.advice
        case .failed(let reason): return "no figure: gnuplot says: \(reason)"
        }
    }
}
