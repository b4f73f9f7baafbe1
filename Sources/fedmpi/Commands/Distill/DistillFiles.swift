import Analysis
import Experiments
import Files
import Foundation
import NeuralNet

/// The files that a distillation leaves in its own folder, beside its runs' folders: `distillation.json`, and
/// `accuracy.png` with its script and data. On rank 0.
struct DistillFiles {
    private let plan: DistillPlan

    /// Takes folder, runs and the curves of runs that had finished before.
    init(_ plan: DistillPlan) {
        self.plan = plan
    }

    /// Writes the comparison, the runs' reports, and the figure. To be called when MPI is finalised: programs are
    /// started.
    ///
    /// - Parameters:
    ///   - result: The comparison.
    ///   - outcomes: Outcomes of the runs that were done this time.
    ///   - withReports: Whether these get the report that a run of `fedmpi train` ends with.
    /// - Returns: Lines for the user that say where things are, or why there is no figure.
    /// - Throws: `FileError` when the folder cannot be written to; `ConfigurationError` from a run's report.
    func write(_ result: DistillResult, _ outcomes: [SweepOutcome], withReports: Bool) throws -> [String] {
        let file = plan.folder.appendingPathComponent("distillation.json")
        try file.replaceContents(with: result.json(isPretty: true) + "\n")
        var curves = plan.curves
        for outcome in outcomes {
            guard case .finished(let curve) = outcome.end else { continue }
            curves[outcome.index] = curve
            guard withReports else { continue }
            try Report.write(try RecordedRun(in: plan.runs[outcome.index].folder), tables: false, notes: false)
        }
        return ["results   \(file.relativePath)", try draw(curves)]
    }

    /// Draws accuracy by round, a curve for each student with and without its teacher, over the seeds.
    ///
    /// - Parameter curves: Curves of the runs that have finished, by their place in the plan.
    /// - Returns: A line that says where the figure is, or why there is none.
    private func draw(_ curves: [Int: RunCurve]) throws -> String {
        let rows = plan.tasks.indices.map { index in
            let task = plan.tasks[index]
            return (
                coordinates: [
                    (name: "case", value: plan.students[task.student].name),
                    (name: "case", value: task.isDistilled ? "distilled" : "from scratch"),
                ], curve: curves[index]
            )
        }
        let table = SweepTable(rows, target: nil, columns: nil)
        guard let picture = table.picture(title: "\(plan.name): students by round") else {
            return "no figure: no run has finished"
        }
        switch try Gnuplot.draw([picture], in: plan.folder) {
        case .drawn: return "figure    \(plan.folder.relativePath)/\(picture.name).png"
        case .missing: return Gnuplot.advice
        case .failed(let reason): return "no figure: gnuplot says: \(reason)"
        }
    }
}
