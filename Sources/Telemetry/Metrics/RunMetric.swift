/// The metrics of a run, declared once: what is exported, and the table in docs/MONITORING.md, which a test compares.
package enum RunMetric {
    /// Joined with others by `instance`, so that a board can say which version it shows.
    static let buildInfo = MetricFamily("fedmpi_build_info", .gauge, "Always 1; the label says which version runs.")
    /// The labels stand here alone and not on each metric: a label more is a series more, of everything.
    static let runInfo = MetricFamily("fedmpi_run_info", .gauge, "Always 1; the labels say what is trained, and how.")
    /// Belongs to this process: a continued run has a new one, and its counters begin again.
    static let startTime = MetricFamily(
        "fedmpi_run_start_time_seconds", .gauge, .seconds, "When this process began with the rounds, in Unix time.")
    /// What an alert on a stalled run looks at; absent before the first round.
    static let lastRoundTime = MetricFamily(
        "fedmpi_last_round_time_seconds", .gauge, .seconds, "When the last finished round was recorded, in Unix time.")
    /// Behind what trains by one, because a round is evaluated beside the next.
    static let rounds = MetricFamily(
        "fedmpi_rounds", .gauge, "Rounds that are finished and evaluated, those before a resume included.")
    /// `--rounds`; a run may end earlier.
    static let roundsPlanned = MetricFamily("fedmpi_rounds_planned", .gauge, "Rounds of the whole run.")
    /// 0 while a round is gathered and evaluated.
    static let progress = MetricFamily(
        "fedmpi_round_progress_ratio", .gauge, "Share of the round under way that is trained, from 0 to 1.")
    /// As the launcher started them.
    static let ranks = MetricFamily("fedmpi_ranks", .gauge, "Ranks of the job, rank 0 included.")
    /// Falls when a rank is lost or excluded, and rises when it is back.
    static let ranksAlive = MetricFamily("fedmpi_ranks_alive", .gauge, "Ranks that are not lost, rank 0 included.")
    /// `--clients`, not ranks: a rank may train many.
    static let clients = MetricFamily("fedmpi_clients", .gauge, "Clients of the run.")
    /// Absent before the first round, like all that is of the last one.
    static let cohort = MetricFamily("fedmpi_round_cohort_clients", .gauge, "Clients asked in the last round.")
    /// Fewer than asked when some were late, dropped or rejected.
    static let participants = MetricFamily(
        "fedmpi_round_participating_clients", .gauge, "Clients whose update entered the last round's mean.")
    /// A counter and not a gauge, so that no round is missed between two scrapes.
    static let turns = MetricFamily(
        "fedmpi_client_turns_total", .counter,
        "Clients asked, by what became of it: participant, late, dropped, rejected.")
    /// These are also participants of ``turns``.
    static let partial = MetricFamily(
        "fedmpi_partial_updates_total", .counter, "Updates that are what a client had at the deadline.")
    /// Each repetition is counted, not each round.
    static let repeats = MetricFamily(
        "fedmpi_round_repeats_total", .counter, "Rounds done again with another cohort for want of updates.")
    /// Counts each participant's samples once a round, however often they were trained on.
    static let samples = MetricFamily(
        "fedmpi_samples_total", .counter, "Samples held by the participants, added up over the rounds.")
    /// Counts each sample as often as it was trained on.
    static let sampleRate = MetricFamily(
        "fedmpi_samples_per_second", .gauge, "Samples trained per second of the last round.")
    /// The round log's `total_upload_bytes`, of the whole run.
    static let upload = MetricFamily(
        "fedmpi_upload_bytes_total", .counter, .bytes, "Bytes of clients' updates, envelopes included.")
    /// The round log's `total_download_bytes`, likewise.
    static let download = MetricFamily(
        "fedmpi_download_bytes_total", .counter, .bytes, "Bytes of frames to clients, a frame for each client.")
    /// A histogram, so that a slow tenth is seen that a mean hides.
    static let roundSeconds = MetricFamily(
        "fedmpi_round_duration_seconds", .histogram, .seconds, "How long rounds took, from broadcast to new weights.")
    /// Comes from the last evaluated round; absent where only clients can test.
    static let accuracy = MetricFamily(
        "fedmpi_server_accuracy_ratio", .gauge, "Accuracy on the server's test set, from 0 to 1.")
    /// Comes from the last evaluated round; no number when training has diverged.
    static let loss = MetricFamily("fedmpi_server_loss", .gauge, "Mean loss on the server's test set.")
    /// Absent with differential privacy, which does not pay for it.
    static let trainLoss = MetricFamily("fedmpi_train_loss", .gauge, "Mean of the clients' training losses.")
    /// With `--client-test` only.
    static let clientAccuracy = MetricFamily(
        "fedmpi_client_accuracy_ratio", .gauge,
        "Accuracy on what clients hold out: mean, worst and best tenth, of the global model or their own.")
    /// Kinds that this version knows begin with 0.
    static let faults = MetricFamily("fedmpi_faults_total", .counter, "What went wrong, by kind, as in faults.json.")
    /// Absent with `--timing off`; read from files, so it costs the ranks nothing.
    static let phaseSeconds = MetricFamily(
        "fedmpi_phase_seconds_total", .counter, .seconds, "What each rank spent its time on, as far as it is logged.")

    /// All of them, in the order in which they are exported. Each metric that a run declares beside these is
    /// `fedmpi_metric_` and its name.
    package static let all = [
        buildInfo, runInfo, startTime, lastRoundTime, rounds, roundsPlanned, progress, ranks, ranksAlive, clients,
        cohort,
        participants, turns, partial, repeats, samples, sampleRate, upload, download, roundSeconds, accuracy, loss,
        trainLoss, clientAccuracy, faults, phaseSeconds,
    ]

    /// Upper bounds of the intervals of a round's seconds: rounds take milliseconds or hours.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]
}

extension MetricFamily {
    /// Declares a metric without a unit.
    init(_ name: String, _ kind: Kind, _ help: String) { self.init(name, kind, .none, help) }
}
