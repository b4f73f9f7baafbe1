import Experiments
import Federation
import Foundation
import Records

/// The progress of a sweep on standard output: a line when it begins, and a line for each run that ends. On rank
/// 0.
///
/// ``Sweep`` makes it, and `SweepQueue` calls ``note(_:)`` for each outcome, whichever group it comes from.
final class SweepProgress {
    private let plan: SweepPlan
    /// Whether nothing is printed (`--quiet`). Runs are counted all the same, for the line of a sweep that is
    /// stopped.
    private let isQuiet: Bool
    /// Runs that have ended, those from before included.
    private var done: Int
    /// Runs that have ended without an error.
    private var finished: Int

    /// Starts to count with the runs that had finished before.
    init(_ plan: SweepPlan, isQuiet: Bool) {
        self.plan = plan
        self.isQuiet = isQuiet
        done = plan.curves.count
        finished = plan.curves.count
    }

    /// How many runs there are, and how many of them have finished before or go on from a checkpoint.
    var summary: String {
        var parts = [Format.count(plan.points.count, "run")]
        if done > 0 { parts.append("\(done) finished before") }
        if plan.begun > 0 { parts.append("\(plan.begun) to go on with") }
        return "sweep \(plan.name): \(parts.joined(separator: ", "))"
    }

    /// Prints the summary and how the ranks are grouped; one group of one rank is not worth mentioning.
    func begin(_ group: SweepGroup) {
        guard !isQuiet else { return }
        let sizes = group.sizes
        let size =
            sizes.lowerBound == sizes.upperBound
            ? Format.count(sizes.upperBound, "rank") : "\(sizes.lowerBound) or \(sizes.upperBound) ranks"
        let ranks =
            group.leaders.count == 1 && sizes.upperBound == 1
            ? "" : "; \(Format.count(group.leaders.count, "group")) of \(size)"
        Console.output(summary + ranks)
    }

    /// Counts an outcome and prints its line: place, name, accuracy or reason, wall time.
    func note(_ outcome: SweepOutcome) {
        done += 1
        var text: String
        switch outcome.end {
        case .finished(let curve):
            finished += 1
            text = "\(Format.percent(curve.finalAccuracy)) after \(Format.count(curve.rounds.count, "round"))"
        case .failed(let reason): text = "failed: \(reason)"
        }
        text += ", \(Format.duration(outcome.seconds))"
        guard !isQuiet else { return }
        let place = Format.padded("\(done)", to: "\(plan.points.count)".count)
        Console.output("\(place)/\(plan.points.count)  \(plan.points[outcome.index].name)  \(text)")
    }

    /// Says on standard error, in one line, how far a sweep that is stopped has come and how it is continued.
    func stop(_ interruption: Interruption) {
        Console.error(
            "fedmpi: \(interruption), \(finished) of \(Format.count(plan.points.count, "run")) finished, those under way "
                + "saved; the same command goes on with '\(plan.folder.relativePath)'",
            onItsOwnLine: true)
    }
}
