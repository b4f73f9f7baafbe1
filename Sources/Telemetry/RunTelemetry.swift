import Cryptography
package import FedCore
package import Foundation
import Recording
package import Records
import Synchronization

/// What a run tells others while it goes on: metrics for Prometheus to fetch, and traces, metrics and log lines that are
/// sent to a collector of OpenTelemetry. An observer on rank 0.
///
/// It is made in three steps, because each thing is known at its time: with the port, which must be free before anything
/// is done; with the run's folder; and when the clocks are aligned, with the moment from which the trace's ids come.
///
/// ```
/// init                      the port is bound; a port in use ends the program before it has done anything
/// prepare(folder:seed:)     the run has a folder: /metrics begins to say whose it is
/// trace(epoch:ranks:)       the ids are known, before any rank opens its log: all ranks are told of them
/// runStarted                the exporter's thread begins
/// roundFinished, faulted    a lock and an append each
/// runFinished               the run's span is known; ranks may still be writing
/// finish()                  the rest is sent, the port is closed
/// ```
///
/// When a signal or an error stops the run, `runStopped` sends what there is in 0.4 seconds: launchers kill a job soon
/// after its first rank has left. A run that is killed leaves a trace without its last rounds and its root; `fedmpi trace`
/// has them from its files.
package final class RunTelemetry: RoundObserver {
    /// What the user wants.
    package struct Choice: Sendable {
        /// The port of `/metrics`; 0 takes one that is free; nil serves none.
        package var metricsPort: Int?
        /// The collector; nil sends nothing.
        package var collector: Exporter.Target?
        /// The variable `TRACEPARENT`: the span that the run's is a child of; nil where it is not set.
        package var traceparent: String?

        /// Whether anybody is told anything: a run without has no observer for it.
        package var isWanted: Bool { metricsPort != nil || collector != nil }

        /// Makes a choice.
        package init(metricsPort: Int? = nil, collector: Exporter.Target? = nil, traceparent: String? = nil) {
            (self.metricsPort, self.collector, self.traceparent) = (metricsPort, collector, traceparent)
        }
    }

    /// What the server's thread and the exporter read, beside the run's thread.
    private final class Shared: Sendable {
        let metrics: Mutex<RunMetrics?> = Mutex(nil)
        /// Reads timing files for `/metrics`; nil where there are none.
        let follower: Mutex<TimingFollower?> = Mutex(nil)

        /// The page `/metrics`, from what is known.
        func page() -> String {
            let phases = follower.withLock { follower in
                _ = follower?.look()
                return follower?.phases ?? []
            }
            return PrometheusText.text(of: families(phases))
        }

        /// The metrics; a copy is taken under the lock, so that the run does not wait for their making.
        func families(_ phases: [PhaseSeconds]) -> [MetricFamily] {
            metrics.withLock { $0 }?.families(phases: phases) ?? []
        }
    }

    private let choice: Choice
    private let version: String
    /// Is told what goes wrong, in lines.
    private let warn: @Sendable (String) -> Void
    private let shared: Shared
    /// Serves `/metrics`; nil where nobody asked for it.
    private let server: MetricsServer?
    /// The run's folder and seed; nil until ``prepare(folder:seed:)``.
    private var run: (folder: URL, seed: String)?
    /// The run as the exporter needs it; nil until ``trace(epoch:ranks:)``.
    private var source: Exporter.Source?
    private var exporter: Exporter?
    /// What the run's span will say.
    private var facts: SpanBuilder.RunFacts?
    /// The round under way, for log lines that name none.
    private var round = 0

    /// The time for sending what is left at the end of a run, and when a signal or an error stops it.
    private static let (patience, shortPatience) = (Duration.seconds(5), Duration.milliseconds(400))

    /// Binds the port.
    ///
    /// - Parameters:
    ///   - choice: what the user wants.
    ///   - version: fedmpi's version.
    ///   - warn: is told what goes wrong, from any thread.
    /// - Throws: `ConfigurationError` when the port cannot be had.
    package init(_ choice: Choice, version: String, warn: @escaping @Sendable (String) -> Void)
        throws(ConfigurationError)
    {
        (self.choice, self.version, self.warn) = (choice, version, warn)
        let shared = Shared()
        self.shared = shared
        server = try choice.metricsPort.map { port throws(ConfigurationError) in
            try MetricsServer(port: port) { shared.page() }
        }
    }

    /// The address of the page for Prometheus; nil without one.
    package var metricsURL: String? { server?.url }

    /// Takes what is known when the run's folder is made.
    ///
    /// - Parameters:
    ///   - folder: the run's folder.
    ///   - seed: the run's seed, as text.
    package func prepare(folder: URL, seed: String) {
        run = (folder, seed)
        shared.metrics.withLock {
            $0 = RunMetrics(run: folder.standardizedFileURL.lastPathComponent, version: version)
        }
    }

    /// Takes the moment of this start, before the timing files are opened, and begins to export.
    ///
    /// A run that is continued stays in the trace of its first start, as its files tell it.
    ///
    /// - Parameters:
    ///   - epoch: in microseconds since 1970.
    ///   - ranks: the number of ranks.
    /// - Returns: the run's place in its trace, for all ranks; nil when nothing is exported.
    package func trace(epoch: Int, ranks: Int) -> TraceLink? {
        guard let run else { return nil }
        // The exporter has one of its own: it reads at another pace.
        if server != nil {
            shared.follower.withLock { $0 = TimingFollower(run: run.folder, ranks: ranks, epoch: epoch) }
        }
        guard choice.collector != nil else { return nil }
        let earlier = TimingFiles.starts(in: run.folder)
        var parent: TraceContext?
        if let first = earlier.first {
            parent = first.trace?.starter
        } else if let text = choice.traceparent {
            parent = TraceContext(traceparent: text)
            if parent == nil { warn("TRACEPARENT '\(text.printable)' is malformed; the run begins a trace of its own") }
        }
        let name = run.folder.standardizedFileURL.lastPathComponent
        let first = earlier.first?.epoch ?? epoch
        let identity = TraceIdentity(run: name, epoch: first, seed: run.seed, parent: parent)
        source = Exporter.Source(
            name: name, version: version, identity: identity, epochs: (first, epoch), start: earlier.count,
            folder: run.folder, ranks: ranks)
        return identity.link
    }

    // MARK: The run

    package func runStarted(_ run: RunDescription) {
        let now = Date().timeIntervalSince1970
        shared.metrics.withLock { $0?.begin(run, at: now) }
        round = run.finishedRounds + 1
        guard let source, let collector = choice.collector else { return }
        let settings = run.settings
        facts = SpanBuilder.RunFacts(
            name: source.name,
            settings: [
                ("strategy", .text(settings.strategy)), ("model", .text(settings.model)),
                ("dataset", .text(settings.dataset)), ("clients", .integer(settings.clients)),
                ("seed", Int(exactly: settings.seed).map(OTLPValue.integer) ?? .text("\(settings.seed)")),
            ],
            digest: nil, isFinished: false, rounds: run.finishedRounds, ranks: run.ranks, bytes: (0, 0), clockError: 0)
        exporter = Exporter(
            to: collector, of: source, metrics: { [shared] in shared.families($0) }, warn: warn)
        log(.info, "run \(source.name) began on \(run.ranks) ranks", round: nil)
    }

    package func faulted(_ fault: FaultRecord) {
        shared.metrics.withLock { $0?.add(fault) }
        exporter?.add(fault)
    }

    /// A round may take an hour: the share of it that is done says that it goes on.
    package var progressInterval: Duration? { server == nil ? nil : .seconds(1) }

    package func progressed(round: Int, fraction: Double) {
        shared.metrics.withLock { $0?.add(progress: fraction, of: round) }
    }

    package func roundFinished(_ record: RoundRecord) {
        let now = Date().timeIntervalSince1970
        shared.metrics.withLock { $0?.add(record, at: now) }
        exporter?.add(record)
        facts?.rounds = record.round
        facts?.bytes = (record.totalUploadBytes, record.totalDownloadBytes)
        round = record.round + 1
    }

    /// Notes the end; the rest is sent by ``finish()``, when all ranks have written their files.
    package func runFinished(_ summary: RunSummary, weights: Span<Float>) {
        facts?.isFinished = true
        if facts != nil { facts?.digest = weightsDigest(weights) }
        round = summary.rounds
        log(.info, "the run has finished after \(summary.rounds) rounds", round: summary.rounds)
    }

    /// Sends what there is: the job ends next.
    package func runStopped(_ stop: RunStop) {
        switch stop.cause {
        case .interruption(let interruption): log(.error, "\(interruption)", round: nil)
        case .failure(let reason): log(.error, reason, round: nil)
        }
        finish(atMost: Self.shortPatience)
    }

    /// Exports a line of the log.
    ///
    /// - Parameters:
    ///   - severity: how grave it is.
    ///   - text: the line.
    ///   - round: the round whose span it belongs to; nil: the run's.
    package func log(_ severity: OTLPLogRecord.Severity, _ text: String, round: Int?) {
        guard let exporter, let source else { return }
        let span = round.map { source.identity.round($0, start: source.start) } ?? source.identity.root
        let time = Int(Date().timeIntervalSince1970 * 1e6)
        exporter.add(
            OTLPLogRecord(
                time: time, severity: severity, text: text, span: span,
                attributes: [("fedmpi.round", round.map(OTLPValue.integer))]))
    }

    /// Sends what is left, says what was lost, and ends the server. To be called when the ranks' files are closed.
    package func finish() { finish(atMost: Self.patience) }

    private func finish(atMost time: Duration) {
        server?.stop()
        guard let exporter, let facts else { return }
        self.exporter = nil
        let outcome = exporter.finish(facts, atMost: time)
        let lost = Outbox.Signal.allCases.compactMap { signal in
            outcome.dropped[signal].flatMap { count in
                count > 0 ? "\(count) \(signal.noun)\(count == 1 ? "" : "s")" : nil
            }
        }
        guard !lost.isEmpty else { return }
        let reason = outcome.reason.map { ": \($0)" } ?? ""
        warn("telemetry: \(lost.joined(separator: ", ")) did not reach the collector\(reason)")
    }
}
