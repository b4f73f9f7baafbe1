/// A figure of a sweep's table: a column.
package enum SweepFigure: String, CaseIterable {
    /// Accuracy after the last round.
    case final
    /// The best accuracy.
    case best
    /// The first round that had the target accuracy.
    case rounds
    /// Megabytes sent up until then.
    case upload
    /// Simulated seconds up to then.
    case reach
    /// Mean accuracy over the clients, on what they hold out, with the global model; of their worst tenth.
    case clients
    case clientsWorst = "clients-worst"
    /// Likewise with each client's own model.
    case own
    case ownWorst = "own-worst"
    /// Simulated seconds of all rounds.
    case simulated
    /// Seconds of all rounds.
    case seconds

    package var needsTarget: Bool { [.rounds, .upload, .reach].contains(self) }

    /// Whether it is a column of its own accord only where a run has it.
    package var isOccasional: Bool { [.reach, .clients, .clientsWorst, .own, .ownWorst, .simulated].contains(self) }

    /// Value for a run; nil where it has none.
    package func value(of run: RunCurve, target: Double?) -> Double? {
        switch self {
        case .final: run.finalAccuracy.map { 100 * $0 }
        case .best: run.bestAccuracy.map { 100 * $0 }
        case .rounds: target.flatMap(run.reaching).map { Double($0.round) }
        case .upload: target.flatMap(run.reaching).map { Double($0.uploadBytes) / 1e6 }
        case .reach: target.flatMap(run.reaching).flatMap(run.simulatedSeconds(until:))
        case .clients: run.clients?.mean.map { 100 * $0 }
        case .clientsWorst: run.clients?.worst.map { 100 * $0 }
        case .own: run.clients?.ownMean.map { 100 * $0 }
        case .ownWorst: run.clients?.ownWorst.map { 100 * $0 }
        case .simulated: run.simulatedSeconds
        case .seconds: run.seconds
        }
    }

    package var decimals: Int { self == .upload ? 2 : 1 }

    /// A column's title.
    package func title(target: Double?) -> String {
        let goal = target.map { SweepTable.percent($0) } ?? "target"
        return switch self {
        case .final: "final, %"
        case .best: "best, %"
        case .rounds: "rounds to \(goal)"
        case .upload: "MB up to \(goal)"
        case .reach: "simulated s to \(goal)"
        case .clients: "clients, %"
        case .clientsWorst: "worst 10 % of clients, %"
        case .own: "own models, %"
        case .ownWorst: "worst 10 % of own, %"
        case .simulated: "simulated s"
        case .seconds: "wall s"
        }
    }

    /// Its name in a file for programs.
    package var key: String {
        switch self {
        case .final: "final_accuracy_percent"
        case .best: "best_accuracy_percent"
        case .rounds: "rounds_to_target"
        case .upload: "upload_mb_to_target"
        case .reach: "simulated_seconds_to_target"
        case .clients: "clients_accuracy_percent"
        case .clientsWorst: "clients_worst10_percent"
        case .own: "own_accuracy_percent"
        case .ownWorst: "own_worst10_percent"
        case .simulated: "simulated_seconds"
        case .seconds: "wall_seconds"
        }
    }
}
