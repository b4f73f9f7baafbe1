import FedCore
package import Records

/// Makes the spans of a run, for whoever has read what the ranks did: the live export and `fedmpi trace`.
///
/// The root is the run; below it are rank 0's rounds, below each the other ranks' rounds, then phases, and in these each
/// client's turn. Times are microseconds since 1970.
package struct SpanBuilder: Sendable {
    /// An interval in microseconds since 1970.
    package struct Window: Sendable, Equatable {
        /// First moment.
        package var start: Int
        /// Last moment.
        package var end: Int

        /// Makes an interval.
        package init(start: Int, end: Int) { (self.start, self.end) = (start, end) }

        /// The shortest interval that holds both.
        package func union(_ other: Window) -> Window {
            Window(start: min(start, other.start), end: max(end, other.end))
        }
    }

    /// What the run's span says.
    package struct RunFacts: Sendable {
        /// The name of the run's folder.
        package var name: String
        /// Settings by name.
        package var settings: [(name: String, value: OTLPValue?)]
        /// Digest of the final weights; nil where it is not known.
        package var digest: String?
        /// Whether it came to its end.
        package var isFinished: Bool
        /// Rounds in the log.
        package var rounds: Int
        /// Ranks of the job.
        package var ranks: Int
        /// Bytes up and down, of all rounds.
        package var bytes: (upload: Int, download: Int)
        /// Bounds how far off ranks' clocks are, in microseconds.
        package var clockError: Double

        /// Gathers what the run's span says.
        package init(
            name: String, settings: [(name: String, value: OTLPValue?)], digest: String?, isFinished: Bool, rounds: Int,
            ranks: Int, bytes: (upload: Int, download: Int), clockError: Double
        ) {
            (self.name, self.settings, self.digest, self.isFinished) = (name, settings, digest, isFinished)
            (self.rounds, self.ranks, self.bytes, self.clockError) = (rounds, ranks, bytes, clockError)
        }
    }

    /// The ids.
    package let identity: TraceIdentity
    /// Whether each client's turn has a span: in a run with very many they would be what nobody can look at.
    package var withClients: Bool

    /// The settings that the run's span has.
    package static let settings = ["strategy", "model", "dataset", "clients", "seed"]

    /// With more events than this, what a rank does for its clients in a round is one slice: programs that show
    /// traces open it quickly.
    package static let clientLimit = 200_000

    /// Makes spans with the ids of a run.
    package init(_ identity: TraceIdentity, withClients: Bool) {
        (self.identity, self.withClients) = (identity, withClients)
    }

    // MARK: Rank 0's own spans

    /// The root: what the run was, and what it came to.
    package func run(_ facts: RunFacts, _ window: Window) -> OTLPSpan {
        var span = OTLPSpan(
            name: "run \(facts.name)", id: identity.root, parent: identity.parent, start: window.start, end: window.end)
        span.attributes = facts.settings.map { ("fedmpi.\($0.name)", $0.value) }
        span.attributes += [
            ("fedmpi.digest", facts.digest.map(OTLPValue.text)), ("fedmpi.finished", .flag(facts.isFinished)),
            ("fedmpi.rounds", .integer(facts.rounds)), ("fedmpi.ranks", .integer(facts.ranks)),
            ("fedmpi.upload_bytes", .integer(facts.bytes.upload)),
            ("fedmpi.download_bytes", .integer(facts.bytes.download)),
            ("fedmpi.clock_error_us", .number(facts.clockError)), ("fedmpi.client_spans", .flag(withClients)),
        ]
        return span
    }

    /// Rank 0's span of a round.
    ///
    /// - Parameters:
    ///   - round: from 1; 0 for what comes before the first.
    ///   - start: which start of the run it belongs to, from 0.
    ///   - window: as wide as the round on all ranks.
    ///   - record: what the log says of it; nil where it says nothing.
    ///   - faults: what went wrong in it, and at which moment.
    package func round(
        _ round: Int, start: Int, _ window: Window, record: RoundRecord?, faults: (list: [FaultRecord], time: Int)
    ) -> OTLPSpan {
        var span = OTLPSpan(
            name: RoundSlice.name(of: round), id: identity.round(round, start: start), parent: identity.root,
            start: window.start, end: window.end)
        if round > 0 { span.attributes.append(("fedmpi.round", .integer(round))) }
        if let record { span.attributes += Self.attributes(record) }
        span.events = faults.list.map { Self.event($0, time: faults.time) }
        return span
    }

    /// What the log says of a round. Counts of what went wrong are left out where nothing did.
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
    package static func event(_ fault: FaultRecord, time: Int) -> OTLPSpan.Event {
        OTLPSpan.Event(
            name: fault.kind.words, time: time,
            attributes: [
                ("fedmpi.round", .integer(fault.round)), ("fedmpi.rank", fault.rank.map(OTLPValue.integer)),
                ("fedmpi.clients", .integer(fault.clients.count)), ("fedmpi.reason", fault.reason.map(OTLPValue.text)),
            ])
    }

    // MARK: What ranks do

    /// The spans of a rank in a round: its own of the round, unless it is rank 0, phases, and clients in these.
    ///
    /// - Parameters:
    ///   - slice: what the rank did.
    ///   - rank: its number.
    ///   - origin: the moment of the slice's time 0, in microseconds since 1970.
    ///   - offset: number of the rank's events that come before those that the slice's indices count from.
    ///   - error: what went wrong with the rank in it; nil where nothing did.
    package func spans(
        of slice: RoundSlice, rank: Int, origin: Int, offset: Int = 0, error: String? = nil
    ) -> [OTLPSpan] {
        var spans: [OTLPSpan] = []
        var parent = identity.round(slice.round, start: slice.session)
        if rank != 0 {
            let ofServer = parent
            parent = identity.id(rank, "round \(slice.events.startIndex + offset)")
            var span = OTLPSpan(
                name: slice.name, id: parent, parent: ofServer, start: origin + slice.start, end: origin + slice.end)
            if slice.round > 0 { span.attributes.append(("fedmpi.round", .integer(slice.round))) }
            span.error = error
            spans.append(span)
        }
        for phase in slice.phases(withClients: withClients) {
            let id = identity.id(rank, "phase \(phase.turns.startIndex + offset)")
            var span = OTLPSpan(
                name: phase.name, id: id, parent: parent, start: origin + phase.start, end: origin + phase.end)
            span.attributes = phase.counts.map { ("fedmpi.\($0.name)", .integer($0.value)) }
            spans.append(span)
            guard withClients else { continue }
            for (i, turn) in zip(phase.turns.indices, phase.turns) {
                guard let client = turn.client else { continue }
                var span = OTLPSpan(
                    name: "client \(client)", id: identity.id(rank, "client \(i + offset)"), parent: id,
                    start: origin + turn.start, end: origin + turn.end)
                span.attributes = [
                    ("fedmpi.client", .integer(client)),
                    ("fedmpi.samples", turn.samples > 0 ? .integer(turn.samples) : nil),
                ]
                spans.append(span)
            }
        }
        return spans
    }
}
