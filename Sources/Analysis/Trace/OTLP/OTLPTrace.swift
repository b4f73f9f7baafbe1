public import FedCore
import Foundation
import Recording
import Records
import Telemetry

/// A run as one trace of OpenTelemetry, in the JSON that a collector takes at `/v1/traces` (*OpenTelemetry Protocol*
/// 1.x, JSON Protobuf encoding, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
///
/// A resource per rank. The root is the run; below it are rank 0's rounds, below each the other ranks' rounds, then
/// phases and clients as in ``TraceFile``. Faults are events of the round. The spans are those that a live export
/// (`--otlp`) makes, with the same ids: both have them from `SpanBuilder`.
///
/// A worker's round ends when it hears of the next, after rank 0 has begun it. So rank 0's span of a round, and the
/// run's, are as wide as everything below them on all ranks: no span is outside its parent. What rank 0 needed for the
/// round is `fedmpi.seconds`.
public struct OTLPTrace {
    /// The whole file, as UTF-8.
    public private(set) var bytes: [UInt8] = Array("{\"resourceSpans\":[".utf8)
    /// Spans in it.
    public private(set) var spans = 0
    /// Ranks whose logs are in it.
    public var ranks: Int { run.timing.ranks.count }

    /// What the run left.
    private let run: RecordedRun
    /// Makes the spans.
    private let builder: SpanBuilder
    /// Ranks whose logs end before the run does: their last span is an error.
    private let silentRanks: Set<Int>
    /// Each round of each start, over all ranks, in microseconds since 1970.
    private var rounds: [RoundKey: SpanBuilder.Window] = [:]
    /// Whether no span of the resource is written yet, so that none but the first follows a comma.
    private var isFirst = true

    /// A round of one start of the run: a round that was repeated after the run was continued is there twice.
    private struct RoundKey: Hashable, Comparable {
        /// Place of the start in ``RunTiming/starts``.
        let session: Int
        /// From 1; 0 for what comes before the first round.
        let round: Int

        /// The round that a slice of some rank belongs to.
        init(_ slice: RoundSlice) {
            session = slice.session
            round = slice.round
        }

        /// Starts follow each other, and rounds in them.
        static func < (a: Self, b: Self) -> Bool { (a.session, a.round) < (b.session, b.round) }
    }

    /// Microseconds from 1970 to the year 2286: a run begins in between.
    private static let lastMoment = 10_000_000_000_000_000

    /// Makes the trace of a run, which may be under way or have been killed.
    ///
    /// - Parameter run: with timing logs.
    /// - Throws: `ConfigurationError` when the run has no timing files, or they do not tell when it was.
    /// - Complexity: O(events).
    public init(_ run: RecordedRun) throws(ConfigurationError) {
        self.run = run
        let timing = run.timing
        try run.requireTiming()
        silentRanks = Set(run.silentRanks.map(\.rank))
        builder = SpanBuilder(
            TraceIdentity(
                run: run.name, epoch: timing.epochs.first ?? 0, seed: run.setting("seed") ?? "",
                parent: timing.trace?.starter),
            withClients: timing.showsClients)
        let hasMoments = timing.epochs.allSatisfy { (1...Self.lastMoment).contains($0) }
        for slice in timing.ranks.lazy.flatMap(\.rounds) where hasMoments {
            let origin = origin(slice.session)
            let window = SpanBuilder.Window(start: origin + slice.start, end: origin + slice.end)
            let key = RoundKey(slice)
            rounds[key] = rounds[key]?.union(window) ?? window
        }
        guard hasMoments, rounds.values.allSatisfy({ $0.start > 0 }) else {
            throw ConfigurationError("the timing files of '\(run.folder.relativePath)' do not tell when the run was")
        }
        addResource(0, host: timing.server?.host) { trace in
            trace.addRun()
            trace.addRounds()
            if let server = timing.server { trace.addSpans(of: server) }
        }
        for rank in timing.clients {
            addResource(rank.rank, host: rank.host) { $0.addSpans(of: rank) }
        }
        bytes += Array("\n]}\n".utf8)
    }

    // MARK: Resources

    /// Writes what stands around a rank's spans.
    ///
    /// - Parameters:
    ///   - rank: number of the rank.
    ///   - host: the node that it ran on; nil where its log is missing, as rank 0's may be: its resource has the root.
    ///   - addSpans: writes the spans.
    private mutating func addResource(_ rank: Int, host: String?, _ addSpans: (inout Self) -> Void) {
        let resource = OTLPRequest.Resource(
            rank: rank, host: host, run: run.name, version: run.environment.first { $0.name == "fedmpi" }?.value,
            scope: Version.current)
        var (ofResource, ofScope) = (OTLPJSON(), OTLPJSON())
        resource.write(to: &ofResource)
        resource.writeScope(to: &ofScope)
        // Spans follow one by one: a long run's are never in memory together.
        add((rank == 0 ? "\n" : ",\n") + ofResource.text.dropLast() + ",\"scopeSpans\":[")
        add(ofScope.text.dropLast() + ",\"spans\":[")
        isFirst = true
        addSpans(&self)
        add("\n]}]}")
    }

    /// Appends to the file.
    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes a span on a line of its own.
    private mutating func add(_ span: OTLPSpan) {
        var json = OTLPJSON()
        span.write(to: &json, trace: builder.identity.trace)
        add((isFirst ? "\n" : ",\n") + json.text)
        isFirst = false
        spans += 1
    }

    /// The moment of time 0 on the run's time axis, in microseconds since 1970: each start of a continued run has its
    /// own.
    private func origin(_ session: Int) -> Int { run.timing.epochs[session] - run.timing.starts[session] }

    // MARK: Spans

    /// Writes the root: what the run was, and what it came to. Settings are whole numbers where they look like such.
    private mutating func addRun() {
        guard let first = rounds.values.first else { return }
        let whole = rounds.values.reduce(first) { $0.union($1) }
        func setting(_ name: String) -> OTLPValue? {
            run.setting(name).map { text in Int(text).map(OTLPValue.integer) ?? .text(text) }
        }
        var span = builder.run(
            SpanBuilder.RunFacts(
                name: run.name, settings: SpanBuilder.settings.map { ($0, setting($0)) }, digest: run.digest,
                isFinished: run.isFinished, rounds: run.log.rounds.count, ranks: run.timing.rankCount,
                bytes: (run.log.uploadBytes, run.log.downloadBytes), clockError: run.timing.clockError), whole)
        span.events = run.timing.epochs.dropFirst().map { .init(name: "run continued", time: $0) }
        // Faults of rounds that the timing files do not have.
        let known = Set(rounds.keys.map(\.round))
        span.events += run.faults.filter { !known.contains($0.round) }.map { SpanBuilder.event($0, time: whole.end) }
        add(span)
    }

    /// Writes rank 0's span of every round, with what the round log and the list of faults say of it.
    ///
    /// A round that was begun again after the run was continued has a span for each start; the log's numbers and the
    /// faults are in the last of them.
    private mutating func addRounds() {
        let records = Dictionary(run.log.rounds.map { ($0.round, $0) }) { $1 }
        let faults = Dictionary(grouping: run.faults, by: \.round)
        // The log tells of a round as it was done last.
        let last = Dictionary(rounds.keys.map { ($0.round, $0.session) }) { max($0, $1) }
        let reforms = Dictionary(
            (run.timing.server?.rounds ?? []).compactMap { slice in
                slice.events.first { $0.phase == .reform }.map { (RoundKey(slice), origin(slice.session) + $0.start) }
            }
        ) { first, _ in first }
        for (key, window) in rounds.sorted(by: { $0.key < $1.key }) {
            let isLast = last[key.round] == key.session
            // The log tells the round; the server's `reform` tells the moment.
            var span = builder.round(
                key.round, start: key.session, window, record: isLast ? records[key.round] : nil,
                faults: (isLast ? faults[key.round, default: []] : [], reforms[key] ?? window.start))
            if run.timing.epochs.count > 1 { span.attributes.append(("fedmpi.start", .integer(key.session))) }
            add(span)
        }
    }

    /// Phases and clients; of every rank but the server also its rounds, which on rank 0 are all ranks'.
    private mutating func addSpans(of rank: RankTiming) {
        let slices = rank.rounds
        for (i, slice) in slices.enumerated() {
            let isSilent = silentRanks.contains(rank.rank) && i == slices.count - 1
            let spans = builder.spans(
                of: slice, rank: rank.rank, origin: origin(slice.session),
                error: isSilent ? "the log of rank \(rank.rank) ends" : nil)
            for span in spans { add(span) }
        }
    }
}
