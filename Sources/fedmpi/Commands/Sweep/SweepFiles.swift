import Analysis
import Experiments
import FedCore
import Federation
import Files
import Foundation
import Recording
import Records

/// The files that a sweep leaves in its folder beside its runs: `table.md`, `table.csv`, `accuracy.png`, and, where
/// the runs differ in bytes, `bytes.png`, with their scripts and data.
///
/// Made on rank 0 when the runs are done. They are made again by the same command on a finished sweep, so a table
/// can be had with other columns without training.
struct SweepFiles {
    private let folder: URL
    private let name: String
    /// Points of the grid, for the names and the wishes of the runs.
    private let points: [SweepPoint]

    /// Takes folder, name and points from the plan.
    init(_ plan: SweepPlan) {
        folder = plan.folder
        name = plan.name
        points = plan.points
    }

    /// Writes the tables, the reports that the file asks for, and the figure. To be called when MPI is finalised:
    /// programs are started.
    ///
    /// A run that has failed is named below the table with its reason: a table without it would look complete.
    ///
    /// - Parameters:
    ///   - table: The table of all runs.
    ///   - outcomes: Outcomes of the runs that were done this time.
    /// - Returns: Lines for the user that say where things are, or why there is no figure.
    /// - Throws: `FileError` when the folder cannot be written to; `ConfigurationError` from a run's report.
    func write(_ table: SweepTable, _ outcomes: [SweepOutcome]) throws -> [String] {
        var page = "# \(Markdown.text(name))\n\n" + table.markdown
        if !table.legend.isEmpty { page += "\n\(table.legend.prefix(1).uppercased() + table.legend.dropFirst()).\n" }
        page += table.paired.markdown
        for outcome in outcomes.sorted(by: { $0.index < $1.index }) {
            guard case .failed(let reason) = outcome.end else { continue }
            page += "\n`\(points[outcome.index].name)` failed: \(Markdown.text(reason))\n"
        }
        try folder.appendingPathComponent("table.md").replaceContents(with: page)
        try folder.appendingPathComponent("table.csv").replaceContents(with: table.csv)
        try report(outcomes)
        return ["table     \(folder.relativePath)/table.md, table.csv", try draw(table)]
            + (heldOutNote.map { [$0] } ?? [])
    }

    /// What is to be known where each seed holds out other samples: points of a table differ by them, too. Nil where all runs
    /// are tested on the same, or none has finished.
    private var heldOutNote: String? {
        guard Set(points.map(\.settings.seed)).count > 1,
            points.contains(where: { $0.settings.datasetOptions.values["seed"] == nil })
        else { return nil }
        let models = points.lazy.compactMap { point in
            DataOrigin(ofRun: folder.appendingPathComponent("runs/\(point.name)"))
        }
        guard models.first?.testShare != nil else { return nil }
        return Terminal.fitted(
            "note      each seed holds out other samples to test on; seed=7, say, among dataset-options makes them the same"
        )
    }

    /// Writes reports for the runs that were done this time and whose settings have `no-report: false`. By
    /// default there are none, because gnuplot would run once for each run.
    private func report(_ outcomes: [SweepOutcome]) throws {
        for outcome in outcomes {
            guard case .finished = outcome.end, points[outcome.index].hasReport else { continue }
            let run = folder.appendingPathComponent("runs/\(points[outcome.index].name)", isDirectory: true)
            try Report.write(try RecordedRun(in: run), tables: false, notes: false)
        }
    }

    /// Draws accuracy by round of all rows, and against bytes where these differ, and says in one line what came of it.
    private func draw(_ table: SweepTable) throws -> String {
        guard let picture = table.picture(title: "\(name): accuracy by round") else {
            return "no figure: no run has finished"
        }
        let bytes = table.bytesPicture(title: "\(name): accuracy against bytes")
        let pictures = [picture] + (bytes.map { [$0] } ?? [])
        switch try Gnuplot.draw(pictures, in: folder) {
        case .drawn:
            return "figure    \(folder.relativePath)/" + pictures.map { "\($0.name).png" }.joined(separator: ", ")
        case .missing: return Gnuplot.advice
        case .failed(let reason): return "no figure: gnuplot says: \(reason)"
        }
    }
}
