import Cryptography
public import FedCore
import Foundation
import Recording
import Records

/// A run as one trace of OpenTelemetry, in the JSON that a collector takes at `/v1/traces` (*OpenTelemetry Protocol*
/// 1.x, JSON Protobuf encoding, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
///
/// A resource per rank. The root is the run; below it are rank 0's rounds, below each the other ranks' rounds, then
/// phases and clients as in ``TraceFile``. Faults are events of the round.
///
/// A worker's round ends when it hears of the next, after rank 0 has begun it. So rank 0's span of a round, and the
/// run's, are as wide as everything below them on all ranks: no span is outside its parent. What rank 0 needed for the
/// round is `fedmpi.seconds`.
///
/// Ids are hashes of what the run recorded, so the same run gives the same bytes each time.
public struct OTLPTrace {
    /// The whole file, as UTF-8.
    public private(set) var bytes: [UInt8] = Array("{\"resourceSpans\":[".utf8)
    /// Spans in it.
    public private(set) var spans = 0
    /// Ranks whose logs are in it.
    public var ranks: Int { run.timing.ranks.count }

    /// What the run left.
    private let run: RecordedRun
    /// The trace's id, 32 hexadecimal digits.
    private let trace: String
    /// Whether each client's turn has a span: in a run with very many they would be what nobody can look at.
    private let withClients: Bool
    /// Ranks whose logs end before the run does: their last span is an error.
    private let silentRanks: Set<Int>
    /// Each round of each start, over all ranks, in microseconds since 1970.
    private var rounds: [RoundKey: Window] = [:]
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

    /// An interval in microseconds since 1970.
    private struct Window {
        /// First moment.
        var start: Int
        /// Last moment.
        var end: Int

        /// The shortest interval that holds both.
        func union(_ other: Window) -> Window { Window(start: min(start, other.start), end: max(end, other.end)) }
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
        guard timing.ranks.contains(where: { !$0.events.isEmpty }) else {
            throw ConfigurationError(
                "'\(run.folder.relativePath)' has no timing files: a run leaves them with --timing on")
        }
        withClients = timing.showsClients
        silentRanks = Set(run.silentRanks.map(\.rank))
        let identity = [run.name, "\(timing.epochs.first ?? 0)", run.setting("seed") ?? ""].joined(separator: "\0")
        trace = SHA256.hash(Array(identity.utf8)).prefix(16).hexadecimal
        let hasMoments = timing.epochs.allSatisfy { (1...Self.lastMoment).contains($0) }
        for slice in timing.ranks.lazy.flatMap(\.rounds) where hasMoments {
            let window = window(slice.start, slice.end, slice.session)
            let key = RoundKey(slice)
            rounds[key] = rounds[key]?.union(window) ?? window
        }
        guard hasMoments, rounds.values.allSatisfy({ $0.start > 0 }) else {
            throw ConfigurationError("the timing files of '\(run.folder.relativePath)' do not tell when the run was")
        }
        addResource(0, host: timing.server?.host) { trace in
            trace.addRun()
            trace.addRounds()
            if let server = timing.server { trace.addPhases(of: server) }
        }
        for rank in timing.clients {
            addResource(rank.rank, host: rank.host) { $0.addPhases(of: rank) }
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
        func text(_ text: String?) -> OTLPValue? { text.map(OTLPValue.text) }
        let attributes: OTLPAttributes = [
            ("service.name", .text("fedmpi")), ("service.instance.id", .text("rank \(rank)")),
            ("service.version", text(run.environment.first { $0.name == "fedmpi" }?.value)), ("host.name", text(host)),
            ("fedmpi.run", .text(run.name)), ("fedmpi.rank", .integer(rank)),
            ("fedmpi.role", .text(rank == 0 ? "server" : "client")),
        ]
        let scope = "{\"name\":\"fedmpi\",\"version\":\"\(Version.current)\"}"
        add(
            (rank == 0 ? "\n" : ",\n") + "{\"resource\":{\"attributes\":\(attributes.json)},\"scopeSpans\":[{\"scope\":"
                + "\(scope),\"spans\":[")
        isFirst = true
        addSpans(&self)
        add("\n]}]}")
    }

    /// Appends to the file.
    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes a span on a line of its own.
    private mutating func add(_ span: OTLPSpan) {
        add((isFirst ? "\n" : ",\n") + span.json(trace: trace))
        isFirst = false
        spans += 1
    }

    // MARK: Ids and times

    /// The id of what `place` tells apart from everything else on the rank: the first 16 hexadecimal digits of a
    /// SHA-256.
    private func id(_ rank: Int, _ place: String) -> String {
        SHA256.hash(Array("\(trace) \(rank) \(place)".utf8)).prefix(8).hexadecimal
    }

    /// The id of the run's span.
    private var rootID: String { id(0, "run") }

    /// The id of rank 0's span of a round. It depends on nothing that may still come, so that it stays the same while a
    /// run goes on.
    private func id(_ key: RoundKey) -> String { id(0, "round \(key.session) \(key.round)") }

    /// Moments on the run's time axis as time since 1970: each start of a continued run has its own origin.
    ///
    /// - Parameters:
    ///   - start: microseconds on the run's time axis.
    ///   - end: likewise.
    ///   - session: place of the start of the run in ``RunTiming/starts``.
    private func window(_ start: Int, _ end: Int, _ session: Int) -> Window {
        let origin = run.timing.epochs[session] - run.timing.starts[session]
        return Window(start: origin + start, end: origin + end)
    }

    // MARK: Rank 0's own spans

    /// Writes the root: what the run was, and what it came to. Settings are whole numbers where they look like such.
    private mutating func addRun() {
        guard let first = rounds.values.first else { return }
        let whole = rounds.values.reduce(first) { $0.union($1) }
        func setting(_ name: String) -> OTLPValue? {
            run.setting(name).map { text in Int(text).map(OTLPValue.integer) ?? .text(text) }
        }
        var span = OTLPSpan(name: "run \(run.name)", id: rootID, parent: nil, start: whole.start, end: whole.end)
        span.attributes = ["strategy", "model", "dataset", "clients", "seed"].map { ("fedmpi.\($0)", setting($0)) }
        span.attributes += [
            ("fedmpi.digest", run.digest.map(OTLPValue.text)), ("fedmpi.finished", .flag(run.isFinished)),
            ("fedmpi.rounds", .integer(run.log.rounds.count)), ("fedmpi.ranks", .integer(run.timing.rankCount)),
            ("fedmpi.upload_bytes", .integer(run.log.uploadBytes)),
            ("fedmpi.download_bytes", .integer(run.log.downloadBytes)),
            ("fedmpi.clock_error_us", .number(run.timing.clockError)), ("fedmpi.client_spans", .flag(withClients)),
        ]
        span.events = run.timing.epochs.dropFirst().map { .init(name: "run continued", time: $0) }
        // Faults of rounds that the timing files do not have.
        let known = Set(rounds.keys.map(\.round))
        span.events += run.faults.filter { !known.contains($0.round) }.map { Self.event($0, time: whole.end) }
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
                slice.events.first { $0.phase == .reform }.map {
                    (RoundKey(slice), window($0.start, $0.end, slice.session).start)
                }
            }
        ) { first, _ in first }
        for (key, window) in rounds.sorted(by: { $0.key < $1.key }) {
            var span = OTLPSpan(
                name: RoundSlice.name(of: key.round), id: id(key), parent: rootID, start: window.start, end: window.end)
            if key.round > 0 { span.attributes.append(("fedmpi.round", .integer(key.round))) }
            if run.timing.epochs.count > 1 { span.attributes.append(("fedmpi.start", .integer(key.session))) }
            if last[key.round] == key.session {
                if let record = records[key.round] { span.attributes += Self.attributes(record) }
                // The log tells the round; the server's `reform` tells the moment.
                let moment = reforms[key] ?? window.start
                span.events = faults[key.round, default: []].map { Self.event($0, time: moment) }
            }
            add(span)
        }
    }

    /// What the log says of a round, and the run's own metrics, all below `fedmpi.`. Counts of what went wrong are left
    /// out where nothing did, and so are values that the round does not have.
    private static func attributes(_ round: RoundRecord) -> OTLPAttributes {
        let counts: [(key: String, value: Int)] = [
            ("partial", round.partial), ("late", round.late), ("dropped", round.dropped), ("rejected", round.rejected),
            ("repeated", round.attempts - 1),
        ].filter { $0.1 > 0 }
        let attributes: OTLPAttributes = [
            ("accuracy", round.accuracy.map(OTLPValue.number)), ("loss", round.serverLoss.map(OTLPValue.number)),
            ("train_loss", round.trainLoss.map(OTLPValue.number)), ("cohort", .integer(round.cohort)),
            ("participants", .integer(round.participants)), ("upload_bytes", .integer(round.uploadBytes)),
            ("download_bytes", .integer(round.downloadBytes)), ("seconds", .number(round.seconds)),
        ]
        let metrics = round.metrics.sorted { $0.key < $1.key }.map {
            (key: $0.key, value: OTLPValue?(.number($0.value)))
        }
        return (attributes + counts.map { ($0.key, .integer($0.value)) } + metrics)
            .map { ("fedmpi.\($0.key)", $0.value) }
    }

    /// A fault as an event of its span.
    ///
    /// - Parameters:
    ///   - fault: from the list of faults.
    ///   - time: microseconds since 1970; the list itself tells only the round.
    private static func event(_ fault: FaultRecord, time: Int) -> OTLPSpan.Event {
        OTLPSpan.Event(
            name: fault.kind.words, time: time,
            attributes: [
                ("fedmpi.round", .integer(fault.round)), ("fedmpi.rank", fault.rank.map(OTLPValue.integer)),
                ("fedmpi.clients", .integer(fault.clients.count)), ("fedmpi.reason", fault.reason.map(OTLPValue.text)),
            ])
    }

    // MARK: What ranks do

    /// Phases and clients; of every rank but the server also its rounds, which on rank 0 are all ranks'. The last round
    /// of a rank whose log ends too early is an error.
    private mutating func addPhases(of rank: RankTiming) {
        let slices = rank.rounds
        for (i, slice) in slices.enumerated() {
            var parent = id(RoundKey(slice))
            if rank.rank != 0 {
                let window = window(slice.start, slice.end, slice.session)
                let ofServer = parent
                parent = id(rank.rank, "round \(slice.events.startIndex)")
                var span = OTLPSpan(
                    name: slice.name, id: parent, parent: ofServer, start: window.start, end: window.end)
                if slice.round > 0 { span.attributes.append(("fedmpi.round", .integer(slice.round))) }
                if silentRanks.contains(rank.rank), i == slices.count - 1 {
                    span.error = "the log of rank \(rank.rank) ends"
                }
                add(span)
            }
            for phase in slice.phases(withClients: withClients) { add(phase, rank.rank, slice.session, parent) }
        }
    }

    /// Writes a phase and, within it, its clients' turns.
    ///
    /// - Parameters:
    ///   - phase: a slice of the rank.
    ///   - rank: number of the rank.
    ///   - session: place of the start of the run in ``RunTiming/starts``.
    ///   - parent: id of the round's span on the rank.
    private mutating func add(_ phase: PhaseSlice, _ rank: Int, _ session: Int, _ parent: String) {
        let id = id(rank, "phase \(phase.turns.startIndex)")
        let window = window(phase.start, phase.end, session)
        var span = OTLPSpan(name: phase.name, id: id, parent: parent, start: window.start, end: window.end)
        span.attributes = phase.counts.map { ("fedmpi.\($0.name)", .integer($0.value)) }
        add(span)
        guard withClients else { return }
        for (i, turn) in zip(phase.turns.indices, phase.turns) {
            guard let client = turn.client else { continue }
            let window = self.window(turn.start, turn.end, session)
            var span = OTLPSpan(
                name: "client \(client)", id: self.id(rank, "client \(i)"), parent: id, start: window.start,
                end: window.end)
            span.attributes = [
                ("fedmpi.client", .integer(client)),
                ("fedmpi.samples", turn.samples > 0 ? .integer(turn.samples) : nil),
            ]
            add(span)
        }
    }
}
