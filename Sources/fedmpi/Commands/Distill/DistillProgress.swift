import Experiments
import Federation
import Foundation
import NeuralNet
import Records

/// The progress of a distillation on standard output: lines when it begins, and a line for each run that ends. On
/// rank 0.
final class DistillProgress {
    private let plan: DistillPlan
    /// Whether nothing is printed (`--quiet`, `--json`). Runs are counted all the same.
    private let isQuiet: Bool
    /// Runs that have ended, those from before included.
    private var done: Int

    /// Starts to count with the runs that had finished before.
    init(_ plan: DistillPlan, isQuiet: Bool) {
        self.plan = plan
        self.isQuiet = isQuiet
        done = plan.curves.count
    }

    /// Prints what will be done: the chain of models, the loss, the data.
    func begin() {
        guard !isQuiet else { return }
        let settings = plan.base
        var runs = Format.count(plan.runs.count, "run")
        if done > 0 { runs += ", \(done) finished before" }
        if plan.isContinued { runs += ", one to go on with" }
        let chain = ([plan.teacher.model.name] + plan.students.map(\.name)).joined(separator: " → ")
        let partition = settings.partition == "dirichlet" ? "dirichlet alpha \(settings.alpha)" : settings.partition
        let clients =
            settings.clients == 1 ? "one client with all the data" : "\(settings.clients) clients, \(partition)"
        let loss = settings.distillationLoss
        Console.output(
            """
            distilling \(plan.name): \(chain), \(runs)
            teacher   \(settings.teacher ?? "-")
            loss      temperature \(loss?.temperature ?? 0), labels \(loss?.hardWeight ?? 0)
            data      \(settings.dataset), \(clients), \(Format.count(settings.rounds, "round"))
            """)
    }

    /// Counts an outcome and prints its line: place, name, accuracy or reason, wall time.
    func note(_ outcome: SweepOutcome) {
        done += 1
        guard !isQuiet else { return }
        var text: String
        switch outcome.end {
        case .finished(let curve):
            text = "\(Format.percent(curve.finalAccuracy)) after \(Format.count(curve.rounds.count, "round"))"
        case .failed(let reason): text = "failed: \(reason)"
        }
        text += ", \(Format.duration(outcome.seconds))"
        let place = Format.padded("\(done)", to: "\(plan.runs.count)".count)
        Console.output("\(place)/\(plan.runs.count)  \(plan.runs[outcome.index].name)  \(text)")
    }

    /// Says on standard error, in one line, how far a distillation that is stopped has come and how it is
    /// continued. The name is given, because without it the next start would begin another one.
    func stop(_ interruption: Interruption) {
        Console.error(
            "fedmpi: \(interruption), \(done) of \(Format.count(plan.runs.count, "run")) finished, the one under way saved; "
                + "the same command with --run-name \(plan.name) goes on",
            onItsOwnLine: true)
    }
}
