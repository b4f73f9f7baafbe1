import Experiments
import Federation
import Foundation
import NeuralNet
import Records

/// Says how a distillation goes: lines when it begins, a line for each run that ends. On rank 0.
final class DistillProgress {
    private let plan: DistillPlan
    private let isQuiet: Bool
    private var done: Int

    init(_ plan: DistillPlan, isQuiet: Bool) {
        self.plan = plan
        self.isQuiet = isQuiet
        done = plan.curves.count
    }

    func begin() {
        guard !isQuiet else { return }
        let settings = plan.base
        var runs = Format.count(plan.runs.count, "run")
        if done > 0 { runs += ", \(done) finished before" }
        if plan.goesOn { runs += ", one to go on with" }
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

    func stop(_ interruption: Interruption) {
        Console.error(
            "fedmpi: \(interruption), \(done) of \(Format.count(plan.runs.count, "run")) finished, the one under way saved; "
                + "the same command with --run-name \(plan.name) goes on",
            onItsOwnLine: true)
    }
}
