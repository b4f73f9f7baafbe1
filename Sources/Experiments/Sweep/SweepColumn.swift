/// A figure of a sweep's table, which is one column. Raw values are the names that a sweep's file uses under `columns`.
package enum SweepColumn: String, CaseIterable {
    /// Accuracy after the last evaluated round, in percent.
    case final
    /// The highest accuracy of any round, in percent.
    case best
    /// The number of the first round with the target accuracy.
    case rounds
    /// Megabytes (10⁶ bytes) of all updates up to that round.
    case upload
    /// Megabytes (10⁶ bytes) of all updates of a run; shown on request.
    case uploaded
    /// Simulated seconds up to that round.
    case reach
    /// Mean accuracy over the clients on their held-out samples, with the global model, in percent.
    case clients
    /// The same over the worst tenth of the clients, in percent.
    case clientsWorst = "clients-worst"
    /// Mean accuracy over the clients on their held-out samples, each with its own model, in percent.
    case own
    /// The same over the worst tenth of the clients, in percent.
    case ownWorst = "own-worst"
    /// Simulated seconds of all rounds.
    case simulated
    /// Wall-clock seconds of all rounds; it depends on the machine and on how many groups share it.
    case seconds

    /// Whether the figure is defined only with a target accuracy.
    package var needsTarget: Bool { [.rounds, .upload, .reach].contains(self) }

    /// Whether the column is shown only in tables that name it.
    package var isOnRequest: Bool { self == .uploaded }

    /// Whether the column is shown by default only where some run has a value for it.
    package var isOccasional: Bool { [.reach, .clients, .clientsWorst, .own, .ownWorst, .simulated].contains(self) }

    /// The figure's value for a run, in the unit of the column.
    ///
    /// - Parameters:
    ///   - run: a finished run.
    ///   - target: accuracy in (0, 1]; nil when the sweep has none.
    /// - Returns: nil when the run has no such value, for instance when it never reached the target.
    package func value(of run: RunCurve, target: Double?) -> Double? {
        switch self {
        case .final: run.finalAccuracy.map { 100 * $0 }
        case .best: run.bestAccuracy.map { 100 * $0 }
        case .rounds: target.flatMap(run.reaching).map { Double($0.round) }
        case .upload: target.flatMap(run.reaching).map { Double($0.uploadBytes) / 1e6 }
        case .uploaded: run.rounds.last.map { Double($0.uploadBytes) / 1e6 }
        case .reach: target.flatMap(run.reaching).flatMap(run.simulatedSeconds(until:))
        case .clients: run.clients?.mean.map { 100 * $0 }
        case .clientsWorst: run.clients?.worst.map { 100 * $0 }
        case .own: run.clients?.ownMean.map { 100 * $0 }
        case .ownWorst: run.clients?.ownWorst.map { 100 * $0 }
        case .simulated: run.simulatedSeconds
        case .seconds: run.seconds
        }
    }

    /// Digits behind the point in the text table.
    package var decimals: Int { self == .uploaded ? 3 : self == .upload ? 2 : 1 }

    /// The column's title for people, with its unit.
    ///
    /// - Parameter target: accuracy in (0, 1] that the titles of ``rounds``, ``upload`` and ``reach`` name.
    package func title(target: Double?) -> String {
        let goal = target.map { SweepTable.percent($0) } ?? "target"
        return switch self {
        case .final: "final, %"
        case .best: "best, %"
        case .rounds: "rounds to \(goal)"
        case .upload: "MB up to reach \(goal)"
        case .uploaded: "MB up"
        case .reach: "simulated s to \(goal)"
        case .clients: "clients, %"
        case .clientsWorst: "worst 10 % of clients, %"
        case .own: "own models, %"
        case .ownWorst: "worst 10 % of own, %"
        case .simulated: "simulated s"
        case .seconds: "wall s"
        }
    }

    /// The figure's name in files for programs; the unit is part of it.
    package var key: String {
        switch self {
        case .final: "final_accuracy_percent"
        case .best: "best_accuracy_percent"
        case .rounds: "rounds_to_target"
        case .upload: "upload_mb_to_target"
        case .uploaded: "upload_mb"
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
