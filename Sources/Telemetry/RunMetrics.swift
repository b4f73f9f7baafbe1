import FedCore
import Foundation
public import Records
import Synchronization

/// The figures of a run for a monitoring system, as they stand: an observer on rank 0 that fills them, and their text.
///
/// Calls of the run change a few numbers under a lock, once a round; the text is made by whoever asks for it.
public final class RunMetrics: RoundObserver, Sendable {
    /// What is known, copied whole for a text.
    private struct State {
        /// Labels of the run.
        var run = ""
        let version: String
        var description: RunDescription?
        var last: RoundRecord?
        /// The last that was evaluated: losses and accuracies stay until there are newer ones.
        var evaluated: RoundRecord?
        /// Clients' updates since the start of this process, by what became of them.
        var updates = [Int](repeating: 0, count: RunMetrics.outcomes.count)
        var faults: [String: Int] = [:]
        var lostRanks: Set<Int> = []
        /// Rounds by duration: one count for each bound, and one for those beyond the last.
        var durations = [Int](repeating: 0, count: RunMetrics.bounds.count + 1)
        var seconds = 0.0
        var progress: (round: Int, fraction: Double)?
        /// Seconds since 1970.
        var lastRoundAt: Double?
        var isOver = false
    }

    /// Touched under its lock only: the run and whoever asks are on different threads.
    private let state: Mutex<State>

    /// What becomes of a client's update in a round.
    private static let outcomes = ["included", "partial", "rejected", "late", "dropped"]
    /// Upper bounds of the histogram's buckets, in seconds.
    private static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

    /// Figures of a run that has yet to begin.
    ///
    /// - Parameter version: fedmpi's.
    public init(version: String) { state = Mutex(State(version: version)) }

    /// Gives the run's name, once it has a folder.
    public func name(_ run: String) { state.withLock { $0.run = run } }

    // MARK: What a run tells

    /// A round may take an hour: the share of it that is done says that it goes on.
    public var wantsProgress: Bool { true }

    /// Keeps what the run is, for its labels and planned figures.
    public func runStarted(_ run: RunDescription) { state.withLock { $0.description = run } }

    /// Keeps how far the round under way is.
    public func progressed(round: Int, fraction: Double) { state.withLock { $0.progress = (round, fraction) } }

    /// Counts a fault, and keeps which ranks are away: one that returns is away no longer.
    public func faulted(_ fault: FaultRecord) {
        state.withLock { state in
            state.faults[fault.kind.rawValue, default: 0] += 1
            guard let rank = fault.rank else { return }
            switch fault.kind {
            case .rankLost, .rankDropped, .rankLostBelow: state.lostRanks.insert(rank)
            case .rankReturned: state.lostRanks.remove(rank)
            default: break
            }
        }
    }

    /// Keeps the round, and adds it to what is counted.
    ///
    /// Figures of an evaluation stay until there is a newer one: with `--eval-every 10` nine rounds of ten have none.
    public func roundFinished(_ record: RoundRecord) {
        let now = Date.now.timeIntervalSince1970
        state.withLock { state in
            state.last = record
            if record.serverLoss != nil || record.accuracy != nil { state.evaluated = record }
            let counts = [
                record.participants - record.partial, record.partial, record.rejected, record.late, record.dropped,
            ]
            for (place, count) in counts.enumerated() { state.updates[place] += count }
            let bucket = Self.bounds.firstIndex { record.seconds <= $0 } ?? Self.bounds.count
            state.durations[bucket] += 1
            state.seconds += record.seconds
            state.lastRoundAt = now
        }
    }

    /// The run has come to its end; the figures stay until the process ends.
    public func runFinished(_ summary: RunSummary, weights: Span<Float>) { state.withLock { $0.isOver = true } }

    /// The run was stopped, or has failed.
    public func runStopped(_ stop: RunStop) { state.withLock { $0.isOver = true } }

    // MARK: The text

    /// The figures in Prometheus' text format.
    public var text: String {
        let state = state.withLock { $0 }
        var text = PrometheusText()
        text.family("fedmpi_build_info", .gauge, "Always 1; the version is a label.") {
            $0.sample(["version": state.version], 1)
        }
        describeRun(state, &text)
        describeRound(state, &text)
        describeQuality(state, &text)
        return text.text
    }

    /// What the run is and how it stands.
    private func describeRun(_ state: State, _ text: inout PrometheusText) {
        guard let run = state.description else { return }
        let settings = run.settings
        text.family("fedmpi_run_info", .gauge, "Always 1; what the run is stands in the labels.") {
            $0.sample(
                [
                    "run": state.run, "strategy": settings.strategy, "model": run.model, "dataset": settings.dataset,
                    "seed": "\(settings.seed)",
                ], 1)
        }
        text.family(
            "fedmpi_run_over", .gauge, "1 once the run has come to its end, or was stopped.", state.isOver ? 1 : 0)
        text.family("fedmpi_ranks", .gauge, "MPI ranks of the job, the server among them.", Double(run.ranks))
        text.family("fedmpi_ranks_lost", .gauge, "Ranks that are lost now.", Double(state.lostRanks.count))
        text.family("fedmpi_clients", .gauge, "Clients of the federation.", Double(settings.clients))
        text.family("fedmpi_rounds_planned", .gauge, "Rounds that the run is to have.", Double(settings.rounds))
        text.family(
            "fedmpi_round", .gauge, "The last finished round.", Double(state.last?.round ?? run.finishedRounds))
        text.family(
            "fedmpi_round_progress_ratio", .gauge, "Share of the samples of the round under way that are trained.",
            state.progress.map { $0.round > state.last?.round ?? 0 ? $0.fraction : 0 })
        text.family("fedmpi_faults_total", .counter, "What went wrong since this process began, by kind.") { text in
            // Also those that have not happened: an alert can only watch what is there.
            for kind in FaultRecord.Kind.allCases.map(\.rawValue) {
                text.sample(["kind": kind], Double(state.faults[kind] ?? 0))
            }
        }
    }

    /// What the rounds cost.
    private func describeRound(_ state: State, _ text: inout PrometheusText) {
        text.family(
            "fedmpi_last_round_timestamp_seconds", .gauge, "When the last round ended, since 1970.", state.lastRoundAt)
        text.family("fedmpi_round_duration_seconds", .histogram, "Seconds of rounds since this process began.") {
            text in
            var count = 0
            for (place, bound) in Self.bounds.enumerated() {
                count += state.durations[place]
                text.sample(["le": "\(bound)"], Double(count), suffix: "_bucket")
            }
            count += state.durations[Self.bounds.count]
            text.sample(["le": "+Inf"], Double(count), suffix: "_bucket")
            text.sample([:], state.seconds, suffix: "_sum")
            text.sample([:], Double(count), suffix: "_count")
        }
        text.family(
            "fedmpi_client_updates_total", .counter,
            "Clients' updates since this process began, by what became of them."
        ) {
            for (place, outcome) in Self.outcomes.enumerated() {
                $0.sample(["outcome": outcome], Double(state.updates[place]))
            }
        }
        guard let last = state.last else { return }
        text.family("fedmpi_cohort_clients", .gauge, "Clients that the last round asked.", Double(last.cohort))
        text.family(
            "fedmpi_upload_bytes_total", .counter, "Bytes from clients to the server in all rounds.",
            Double(last.totalUploadBytes))
        text.family(
            "fedmpi_download_bytes_total", .counter, "Bytes from the server to clients in all rounds.",
            Double(last.totalDownloadBytes))
        text.family(
            "fedmpi_training_samples_per_second", .gauge, "Samples trained per second of the last round.",
            last.samplesPerSecond)
    }

    /// How good the weights are, and what else the run measures.
    private func describeQuality(_ state: State, _ text: inout PrometheusText) {
        guard let last = state.last else { return }
        text.family("fedmpi_train_loss", .gauge, "Mean loss of the clients in the last round.", last.trainLoss)
        text.family(
            "fedmpi_test_loss", .gauge, "Mean loss on the server's test set, last evaluated.",
            state.evaluated?.serverLoss)
        text.family(
            "fedmpi_test_accuracy_ratio", .gauge, "Accuracy on the server's test set, last evaluated.",
            state.evaluated?.serverAccuracy)
        text.family("fedmpi_client_accuracy_ratio", .gauge, "Accuracy on what clients hold out, over the clients.") {
            text in
            guard let clients = state.evaluated?.clients, let spread = clients.personal ?? clients.global else {
                return
            }
            text.sample(["of": "mean"], spread.mean)
            text.sample(["of": "worst_tenth"], spread.worst10)
            text.sample(["of": "best_tenth"], spread.best10)
        }
        text.family("fedmpi_metric", .gauge, "What the run's parts have measured in the last round, by its name.") {
            text in
            for (name, value) in last.metrics.sorted(by: { $0.key < $1.key }) { text.sample(["name": name], value) }
        }
    }
}
