import FedCore
package import Foundation
package import Records
import Synchronization

/// Sends a run's spans, metrics and log lines to a collector while the run goes on, in a thread of its own.
///
/// ```
/// run's thread       rounds, faults, log lines ──► Inbox (at most 10,000 of each)
///                                                    │ once a second
/// exporting thread   timing files ──► TimingFollower ─┴► SpanAssembler ──► requests ──► Outbox ──► HTTPPost
///                    RunMetrics   ──► every 5 seconds, and at the end ──────────┘       (16 MB)
/// ```
///
/// The run only appends to short lists under a lock. What ranks did is read from their timing files, so a collector that
/// is away for a while costs nothing: what it has not had waits on the disk. A collector that is absent, slow or gone
/// never delays or fails the run: that is said once, and what was lost is counted at the end.
package final class Exporter: Sendable {
    /// What is sent, and whereto.
    package struct Target: Sendable {
        /// The collector.
        package let address: HTTPAddress
        /// Whether bodies are JSON; protobuf otherwise.
        package let isJSON: Bool

        /// Names a collector.
        package init(_ address: HTTPAddress, isJSON: Bool) { (self.address, self.isJSON) = (address, isJSON) }

        /// What writes bodies.
        var writer: any OTLPWriter.Type { isJSON ? OTLPJSON.self : OTLPProtobuf.self }

        /// The `Content-Type` of bodies.
        var type: String { isJSON ? "application/json" : "application/x-protobuf" }
    }

    /// What the run's thread leaves for the exporting one.
    private struct Inbox {
        /// Rounds whose record is complete.
        var records: [RoundRecord] = []
        /// What went wrong.
        var faults: [FaultRecord] = []
        /// Lines of the log.
        var logs: [OTLPLogRecord] = []
        /// Log lines that had no room.
        var lostLogs = 0
        /// What the run's span says, once the run is over.
        var ending: SpanBuilder.RunFacts?
        /// When the thread must be done; nil while the run goes on.
        var deadline: ContinuousClock.Instant?
    }

    /// What never reached the collector, and what did, by signal.
    package struct Outcome: Sendable {
        /// What the collector has taken.
        package var delivered: [Outbox.Signal: Int] = [:]
        /// What was refused, had no room, or was given up.
        package var dropped: [Outbox.Signal: Int] = [:]
        /// Why the last attempt failed; nil where none did.
        package var reason: String?
    }

    /// The run whose telemetry is sent.
    package struct Source: Sendable {
        /// The name of the run's folder.
        package let name: String
        /// fedmpi's version.
        package let version: String
        /// The ids of the run's trace.
        package let identity: TraceIdentity
        /// The moments of the run's first start, and of this one, in microseconds since 1970.
        package let epochs: (first: Int, this: Int)
        /// Which start of the run this is, from 0.
        package let start: Int
        /// The run's folder, in which the timing files are.
        package let folder: URL
        /// The number of ranks.
        package let ranks: Int

        /// Describes a run.
        package init(
            name: String, version: String, identity: TraceIdentity, epochs: (first: Int, this: Int), start: Int,
            folder: URL, ranks: Int
        ) {
            (self.name, self.version, self.identity, self.epochs) = (name, version, identity, epochs)
            (self.start, self.folder, self.ranks) = (start, folder, ranks)
        }
    }

    private let target: Target
    private let source: Source
    /// Reads the metrics; called on the exporting thread.
    private let metrics: @Sendable ([PhaseSeconds]) -> [MetricFamily]
    /// Is told in one line that the collector does not answer.
    private let warn: @Sendable (String) -> Void
    private let inbox = Mutex(Inbox())
    private let outcome = Mutex(Outcome())
    /// Signalled to wake the thread, and by the thread when it is done.
    private let (wake, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))

    /// Seconds between two looks at what there is, and between two readings of the metrics.
    private static let (interval, metricsInterval) = (1.0, 5.0)
    /// The most rounds or log lines that wait for the thread.
    private static let capacity = 10_000
    /// Bytes in the outbox beyond which timing files are left unread: they are the longer queue.
    private static let fill = 4 << 20
    /// Spans in a request; a collector takes requests up to a size only.
    private static let batch = 2_000
    /// The most that one request may take (the OpenTelemetry SDKs' default).
    private static let patience = Duration.seconds(10)
    /// The same at the end of a run, for a collector that has not answered before.
    private static let lastPatience = Duration.seconds(1)

    /// Begins to export.
    ///
    /// - Parameters:
    ///   - target: the collector.
    ///   - source: the run.
    ///   - metrics: reads the metrics, given what phases have taken; called on the exporting thread.
    ///   - warn: is told once that the collector does not answer; called on the exporting thread.
    package init(
        to target: Target, of source: Source, metrics: @escaping @Sendable ([PhaseSeconds]) -> [MetricFamily],
        warn: @escaping @Sendable (String) -> Void
    ) {
        (self.target, self.source, self.metrics, self.warn) = (target, source, metrics, warn)
        let thread = Thread { [self] in export() }
        thread.name = "telemetry"
        thread.start()
    }

    // MARK: The run's thread

    /// Takes a round's record.
    package func add(_ record: RoundRecord) {
        inbox.withLock { if $0.records.count < Self.capacity { $0.records.append(record) } }
    }

    /// Takes a fault.
    package func add(_ fault: FaultRecord) {
        inbox.withLock { if $0.faults.count < Self.capacity { $0.faults.append(fault) } }
    }

    /// Takes a line of the log; one that has no room is counted.
    package func add(_ line: OTLPLogRecord) {
        inbox.withLock {
            if $0.logs.count < Self.capacity { $0.logs.append(line) } else { $0.lostLogs += 1 }
        }
    }

    /// Sends what is left, and ends the thread. Waits no longer than the time that it is given; called once.
    ///
    /// - Parameters:
    ///   - facts: what the run's span says.
    ///   - time: the most that it may take.
    /// - Returns: what never reached the collector.
    package func finish(_ facts: SpanBuilder.RunFacts, atMost time: Duration) -> Outcome {
        let deadline = ContinuousClock.now + time
        inbox.withLock { ($0.ending, $0.deadline) = (facts, deadline) }
        wake.signal()
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        // A name's look-up cannot be cut short: its thread is left behind.
        _ = done.wait(timeout: .now() + seconds + 1)
        return outcome.withLock { $0 }
    }

    // MARK: The exporting thread

    /// What the thread works with.
    private struct Work {
        /// Reads what the ranks do.
        var follower: TimingFollower
        /// Makes spans of it.
        var assembler: SpanAssembler
        /// Keeps what is to be sent.
        var outbox = Outbox()
        /// When metrics were last read, in seconds on the thread's clock.
        var lastMetrics = -Double.infinity
        /// Whether it was said that the collector does not answer.
        var hasWarned = false
        /// Whether the last attempt met nobody: at the end of the run there is then one more, and no waiting.
        var isAlone = false
    }

    /// Looks once a second until the run is over and everything is sent, or the time for it is up.
    private func export() {
        Socket.ignoreSignalsInThread()
        var work = Work(
            follower: TimingFollower(run: source.folder, ranks: source.ranks, epoch: source.epochs.this),
            assembler: SpanAssembler(source.identity, epoch: source.epochs.this, start: source.start))
        let began = ContinuousClock.now
        while true {
            _ = wake.wait(timeout: .now() + Self.interval)
            let now = (ContinuousClock.now - began) / .seconds(1)
            var news = Inbox()
            inbox.withLock { inbox in
                swap(&news, &inbox)
                inbox.deadline = news.deadline
            }
            gather(news, at: now, &work)
            if news.deadline != nil { work.outbox.hurry() }
            send(&work, began: began, until: news.deadline)
            if let deadline = news.deadline {
                // It has asked for time, and gets what there is; nobody waits for a collector that is not there.
                while work.outbox.next != nil, !work.isAlone, ContinuousClock.now < deadline {
                    usleep(50_000)
                    send(&work, began: began, until: deadline)
                }
                work.outbox.abandon()
                publish(work)
                done.signal()
                return
            }
            publish(work)
        }
    }

    /// Makes requests of what is new.
    private func gather(_ news: Inbox, at now: Double, _ work: inout Work) {
        for record in news.records { work.assembler.add(record) }
        for fault in news.faults { work.assembler.add(fault) }
        if news.lostLogs > 0 { work.outbox.drop(news.lostLogs, of: .logs) }
        if work.outbox.bytes < Self.fill || news.ending != nil {
            for piece in work.follower.look() { work.assembler.add(piece) }
        }
        var spans = work.assembler.take(isOver: news.ending != nil)
        if let facts = news.ending { spans.append((0, [work.assembler.run(facts, began: source.epochs.first)])) }
        pack(spans, &work)
        if !news.logs.isEmpty {
            let body = OTLPRequest.logs(source.identity.trace, news.logs, of: resource(0, work), as: target.writer)
            work.outbox.add(Outbox.Parcel(.logs, body, count: news.logs.count))
        }
        if news.ending != nil || now - work.lastMetrics >= Self.metricsInterval {
            work.lastMetrics = now
            let families = metrics(work.follower.phases)
            let (resource, start) = (resource(0, work), source.epochs.this)
            let time = Int(Date().timeIntervalSince1970 * 1e6)
            let body = OTLPRequest.metrics(families, start: start, time: time, of: resource, as: target.writer)
            work.outbox.add(Outbox.Parcel(.metrics, body, count: families.count))
        }
    }

    /// Packs spans into requests that are not too large.
    private func pack(_ spans: [(rank: Int, spans: [OTLPSpan])], _ work: inout Work) {
        var batch: [Int: [OTLPSpan]] = [:]
        var count = 0
        func close(_ work: inout Work) {
            guard count > 0 else { return }
            let resources = batch.sorted { $0.key < $1.key }.map { (resource: resource($0.key, work), spans: $0.value) }
            let body = OTLPRequest.traces(source.identity.trace, resources, as: target.writer)
            work.outbox.add(Outbox.Parcel(.traces, body, count: count))
            (batch, count) = ([:], 0)
        }
        for (rank, spans) in spans {
            for span in spans {
                batch[rank, default: []].append(span)
                count += 1
                if count == Self.batch { close(&work) }
            }
        }
        close(&work)
    }

    /// Describes a rank.
    private func resource(_ rank: Int, _ work: Work) -> OTLPRequest.Resource {
        OTLPRequest.Resource(
            rank: rank, host: work.assembler.host(of: rank), run: source.name, version: source.version,
            scope: source.version)
    }

    /// Sends what waits, until it is all sent, or the collector is not to be asked for now.
    private func send(_ work: inout Work, began: ContinuousClock.Instant, until deadline: ContinuousClock.Instant?) {
        while let parcel = work.outbox.next {
            let now = (ContinuousClock.now - began) / .seconds(1)
            guard now >= work.outbox.notBefore, deadline.map({ $0 > .now }) ?? true else { return }
            // At the end, who did not answer before is not given long.
            let patience = work.isAlone && deadline != nil ? Self.lastPatience : Self.patience
            let (fate, reason) = attempt(parcel, atMost: patience, &work)
            work.outbox.note(fate, at: (ContinuousClock.now - began) / .seconds(1), jitter: .random(in: 0..<1))
            guard let reason else { continue }
            outcome.withLock { $0.reason = reason }
            if !work.hasWarned {
                work.hasWarned = true
                warn("telemetry: \(target.address.text): \(reason); the run goes on")
            }
        }
    }

    /// Sends one request.
    ///
    /// - Returns: what became of it, and in words what was wrong; nil when nothing was.
    private func attempt(
        _ parcel: Outbox.Parcel, atMost time: Duration, _ work: inout Work
    ) -> (Outbox.Fate, String?) {
        let last = ContinuousClock.now + time
        do {
            let reply = try HTTPPost.send(
                parcel.body, type: target.type, to: target.address, page: parcel.signal.page
            ) { [self] in inbox.withLock { min($0.deadline ?? last, last) } }
            work.isAlone = false
            let words = target.isJSON ? OTLPResponse(json: reply.body) : OTLPResponse(protobuf: reply.body)
            let fate = Outbox.fate(status: reply.status, retryAfter: reply.retryAfter, rejected: words.rejected)
            switch fate {
            case .taken(0): return (fate, nil)
            case .taken(let count):
                let why = words.message.isEmpty ? "" : ": \(words.message.printable)"
                return (fate, "the collector has left out \(count) of \(parcel.count) \(parcel.signal.noun)s\(why)")
            case .again, .refused:
                return (fate, "the collector answers \(parcel.signal.page) with status \(reply.status)")
            }
        } catch {
            work.isAlone = true
            return (.again(after: nil), "\(error)")
        }
    }

    /// Leaves the counts for ``finish(_:atMost:)``.
    private func publish(_ work: Work) {
        outcome.withLock { ($0.delivered, $0.dropped) = (work.outbox.delivered, work.outbox.dropped) }
    }
}
