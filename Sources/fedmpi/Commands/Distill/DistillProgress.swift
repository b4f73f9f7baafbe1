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
    private let bar: WorkProgress

    /// Starts to count with the runs that had finished before.
    init(_ plan: DistillPlan, isQuiet: Bool) {
        self.plan = plan
        self.isQuiet = isQuiet
        done = plan.curves.count
        bar = WorkProgress("distilling", isQuiet: isQuiet)
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
        let share = settings.clientFraction < 1 ? ", \(settings.cohortSize) a round" : ""
        let clients =
            settings.clients == 1
            ? "one client with all the data" : "\(Format.grouped(settings.clients)) clients\(share), \(partition)"
        let loss = settings.distillationLoss
        Console.output(
            """
            distilling \(plan.name): \(chain), \(runs)
            teacher   \(settings.teacher ?? "-"), \(Format.percent(plan.teacherAccuracy)) on the test set
            loss      temperature \(loss?.temperature ?? 0); labels weigh \(loss?.hardWeight ?? 0), the teacher the rest
            data      \(settings.dataset), \(clients), \(Format.count(settings.rounds, "round"))
            """)
    }

    /// Counts an outcome and prints its line: place, name, accuracy or reason, wall time.
    func note(_ outcome: SweepOutcome) {
        done += 1
        bar.clear()
        guard !isQuiet else { return }
        var text: String
        switch outcome.end {
        case .finished(let curve):
            text = "\(Format.percent(curve.finalAccuracy)) after \(Format.count(curve.rounds.count, "round"))"
            if let accuracy = curve.finalAccuracy {
                let points = 100 * (accuracy - plan.teacherAccuracy)
                text += ", \(Format.fixed(abs(points), 2)) points \(points < 0 ? "below" : "above") the teacher"
            }
        case .failed(let reason): text = "failed: \(reason)"
        }
        text += ", \(Format.duration(outcome.seconds))"
        let place = Format.padded("\(done)", to: "\(plan.runs.count)".count)
        Console.output("\(place)/\(plan.runs.count)  \(plan.runs[outcome.index].name)  \(text)")
    }

    /// Draws how far all runs are, on a terminal.
    /// - Parameter fraction: how much of the run under way is done, in [0, 1].
    func show(_ fraction: Double) {
        let (before, all) = (Double(plan.curves.count), Double(plan.runs.count))
        guard all > before, done < plan.runs.count else { return }
        // Runs that had finished before took no time now.
        bar.show((Double(done) - before + fraction) / (all - before), "run \(done + 1) of \(plan.runs.count)")
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

/// An observer that tells how much of a run is done, several times a second where somebody watches.
final class RunShare: RoundObserver {
    private let rounds: Int
    private let tell: (Double) -> Void

    /// Makes the observer.
    ///
    /// - Parameters:
    ///   - rounds: of the run.
    ///   - tell: gets the share, in [0, 1], on the run's thread.
    init(of rounds: Int, tell: @escaping (Double) -> Void) { (self.rounds, self.tell) = (rounds, tell) }

    var progressInterval: Duration? { Terminal.showsErrors ? .milliseconds(200) : nil }

    func progressed(round: Int, fraction: Double) {
        tell((Double(round - 1) + min(max(fraction, 0), 1)) / Double(max(1, rounds)))
    }
}
