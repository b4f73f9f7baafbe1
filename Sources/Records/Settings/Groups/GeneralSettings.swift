public import FedCore

/// Settings of how long a run is, and of what all of it depends on.
public enum GeneralSettings: SettingsGroup {
    public static let title = "Run"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        // Rounds are coordinates of random streams, and numbers of 32 bits on the wire.
        try visitor.value(
            "rounds", &settings.rounds, .atLeast(1).and(.atMost(Int(UInt32.max))), resumable: true, "Federated rounds.")
        try visitor.value(
            "target-accuracy", &settings.targetAccuracy, .positiveShare,
            """
            End the run when the accuracy, on the test set or of clients where only they can tell, is at least this, in (0, 1].
            """)
        try visitor.value(
            "patience", &settings.patience, .atLeast(1),
            "End the run after so many evaluations without a better accuracy.")
        try visitor.value(
            "budget-mb", &settings.budgetMb, .above(0), unit: .megabytes,
            "End the run before the round that would take its traffic, up and down, past so many MB.")
        try visitor.value(
            "eval-every", &settings.evalEvery, .atLeast(1),
            "Evaluate on the test set every so many rounds, and after the last.")
        try visitor.value(
            "seed", &settings.seed,
            "Seed of everything random; the same seed gives the same weights with any number of ranks.")
        try visitor.value(
            "threads", &settings.threads, .in(ThreadCount.range), "Threads of each rank's arithmetic.")
    }
}
