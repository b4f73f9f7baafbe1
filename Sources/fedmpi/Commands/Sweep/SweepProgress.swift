import Experiments
import Federation
import Foundation
import Records

/// Says how a sweep goes: a line when it begins, a line for each run that ends. On rank 0.
final class SweepProgress {
    private let plan: SweepPlan
    private let isQuiet: Bool
    private var done: Int
    private var finished: Int

    init(_ plan: SweepPlan, isQuiet: Bool) {
        self.plan = plan
        self.isQuiet = isQuiet
        done = plan.curves.count
        finished = plan.curves.count
    }

    /// What there is to do.
    var summary: String {
        var parts = [Format.count(plan.points.count, "run")]
        if done > 0 { parts.append("\(done) finished before") }
        if plan.begun > 0 { parts.append("\(plan.begun) to go on with") }
        return "sweep \(plan.name): \(parts.joined(separator: ", "))"
    }

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

    func stop(_ interruption: Interruption) {
        Console.error(
            "fedmpi: \(interruption), \(finished) of \(Format.count(plan.points.count, "run")) finished, those under way "
                + "saved; the same command goes on with '\(plan.folder.relativePath)'",
            onItsOwnLine: true)
    }
}
