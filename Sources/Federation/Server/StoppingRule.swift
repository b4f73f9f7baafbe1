import FedCore
import Records

/// Whether a run ends before its last round: because of `--budget-mb`, `--budget-joules`, `--epsilon`, `--target-accuracy` or `--patience`.
///
/// A function of the records alone, so that a resumed run ends in the round where it would have ended without
/// interruption.
struct StoppingRule: Sendable {
    private let settings: RunSettings

    /// Takes the limits from a run's settings.
    init(_ settings: RunSettings) {
        self.settings = settings
    }

    /// Whether it looks at the accuracy: a round is then evaluated before the next begins, instead of beside it.
    var needsAccuracy: Bool { settings.targetAccuracy != nil || settings.patience != nil }

    /// Whether `--epsilon` leaves no room for the next of the rounds that are planned.
    /// - Parameter last: record of the last finished round.
    func isBudgetSpent(after last: RoundRecord) -> Bool {
        guard let budget = settings.epsilon, let next = last[.epsilonNext] else { return false }
        return next > budget * (1 + 1e-9) && last.round < settings.rounds
    }

    /// Why the run ends here, as a clause for the user; nil when it continues. The budget is checked first.
    /// - Parameters:
    ///   - last: record of the last finished round; nil before the first.
    ///   - isComplete: whether that record is complete; accuracies are looked at only then.
    ///   - progress: best accuracy, and evaluations since, over the complete records.
    func reason(after last: RoundRecord?, isComplete: Bool, _ progress: AccuracyProgress) -> String? {
        guard let last else { return nil }
        if let budget = settings.budgetMb {
            let sent = Double(last.totalUploadBytes + last.totalDownloadBytes) / 1e6
            // Looked at before a round, so that no round starts that could not be paid.
            let next = Double(last.uploadBytes + last.downloadBytes) / 1e6
            if sent + next > budget { return "another round would pass the budget of \(budget) MB" }
        }
        if let budget = settings.budgetJoules, let spent = last[.joulesSoFar] {
            let next = spent / Double(last.round)
            if spent + next > budget {
                return "\(NumberText.fixed(spent, 1)) of \(budget) simulated joules are spent, and a round takes "
                    + "\(NumberText.fixed(next, 1)) in the mean"
            }
        }
        if isBudgetSpent(after: last), let budget = settings.epsilon {
            return "another round would pass epsilon \(budget) at delta \(settings.delta)"
        }
        guard isComplete, last.quality != nil else { return nil }
        if let target = settings.targetAccuracy, let accuracy = last.accuracy, accuracy >= target {
            return "the accuracy has reached \(target)"
        }
        if let patience = settings.patience, progress.evaluationsSince >= patience {
            return "no better \(last.accuracy == nil ? "R²" : "accuracy") in \(progress.evaluationsSince) evaluations"
        }
        return nil
    }
}
