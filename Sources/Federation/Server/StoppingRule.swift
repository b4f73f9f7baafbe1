import Records

/// Whether a run ends before its last round. A function of the records, so that a resumed run ends where it would have
/// ended.
struct StoppingRule: Sendable {
    private let settings: RunSettings

    init(_ settings: RunSettings) {
        self.settings = settings
    }

    /// Whether it looks at the accuracy: a round is then evaluated before the next begins, instead of beside it.
    var needsAccuracy: Bool { settings.targetAccuracy != nil || settings.patience != nil }

    /// Why the run ends here; nil: it goes on.
    /// - Parameters:
    ///   - last: the record of the last finished round.
    ///   - progress: of the rounds whose records are complete; whether the last one's is.
    func reason(after last: RoundRecord?, isComplete: Bool, _ progress: AccuracyProgress) -> String? {
        guard let last else { return nil }
        if let budget = settings.budgetMb {
            let sent = Double(last.totalUploadBytes + last.totalDownloadBytes) / 1e6
            // Looked at before a round, so that no round starts that could not be paid.
            let next = Double(last.uploadBytes + last.downloadBytes) / 1e6
            if sent + next > budget { return "another round would pass the budget of \(budget) MB" }
        }
        guard isComplete, let accuracy = last.accuracy else { return nil }
        if let target = settings.targetAccuracy, accuracy >= target {
            return "the accuracy has reached \(target)"
        }
        if let patience = settings.patience, progress.evaluationsSince >= patience {
            return "no better accuracy in \(progress.evaluationsSince) evaluations"
        }
        return nil
    }
}
