import FedCore
package import Records

/// Makes a run's spans while it goes on: a round's when all ranks are past it, because only then they are what they will
/// be, with the ids that `fedmpi trace` gives them afterwards.
///
/// ```
/// rank 0   | round 7 ..................... | round 8 .......     the record of round 7 comes while round 8 trains
/// rank 1   | round 7 ............... | round 8 .............
/// rank 2   | round 7 ............................ | round 8      only now round 7 is taken
/// ```
///
/// A span can be sent once: a collector keeps the first of an id, or both. So a round waits for its last rank, and, because
/// its attributes are in the record, for its evaluation. A rank that is lost would hold all rounds back; that ends when rank
/// 0 has been past the round for five seconds. What comes later still has its own spans, below the one that was sent.
///
/// Knows neither files nor time: moments are those of the events.
package struct SpanAssembler: Sendable {
    /// What is known of a rank and not yet a span.
    private struct Rank {
        var host: String
        /// Number of the rank's events before the first of `pending`.
        var passed: Int
        /// Events of rounds that are not over.
        var pending: [TimingEvent] = []
        /// The round of the last event.
        var round = 0
        var isClosed = false
    }

    /// Makes the spans.
    private var builder: SpanBuilder
    /// The moment of this start of the run, in microseconds since 1970.
    private let epoch: Int
    /// Which start it is, from 0.
    private let start: Int
    private var ranks: [Int: Rank] = [:]
    private var records: [Int: RoundRecord] = [:]
    private var faults: [Int: [FaultRecord]] = [:]
    /// Events that have come.
    private var count = 0
    /// The last round whose span was made; -1: none.
    private var lastRound = -1
    /// Everything that spans were made of.
    private var whole: SpanBuilder.Window?
    /// Bounds how far off the ranks' clocks are, in microseconds.
    package private(set) var clockError = 0.0

    /// Microseconds that rank 0 may be past a round while another rank is not: one that is lost, or whose log does not
    /// grow, holds the round's spans back no longer.
    private static let patience = 5_000_000

    /// Begins with nothing.
    ///
    /// - Parameters:
    ///   - identity: the trace's ids.
    ///   - epoch: the moment of this start, in microseconds since 1970.
    ///   - start: which start of the run it is, from 0.
    package init(_ identity: TraceIdentity, epoch: Int, start: Int) {
        builder = SpanBuilder(identity, withClients: true)
        (self.epoch, self.start) = (epoch, start)
    }

    // MARK: What comes in

    /// A rank has written more.
    package mutating func add(_ news: TimingFollower.News) {
        var rank = ranks[news.rank] ?? Rank(host: news.host, passed: news.first)
        rank.pending += news.events
        rank.round = news.events.last?.round ?? rank.round
        rank.isClosed = news.isClosed
        ranks[news.rank] = rank
        clockError = max(clockError, news.clockError)
        count += news.events.count
        if count > SpanBuilder.clientLimit { builder.withClients = false }
    }

    /// A round's record is complete.
    package mutating func add(_ record: RoundRecord) { records[record.round] = record }

    /// Something went wrong, and the run goes on.
    package mutating func add(_ fault: FaultRecord) { faults[fault.round, default: []].append(fault) }

    // MARK: What goes out

    /// The host of a rank.
    package func host(of rank: Int) -> String? { ranks[rank]?.host }

    /// Takes the spans of the rounds that are over.
    ///
    /// - Parameter isOver: whether nothing more will come, so that all rounds are over.
    /// - Returns: the spans of each rank that has any, in the order of rounds and ranks.
    /// - Complexity: O(spans), and O(ranks) for each round.
    package mutating func take(isOver: Bool = false) -> [(rank: Int, spans: [OTLPSpan])] {
        var taken: [(rank: Int, spans: [OTLPSpan])] = []
        while let round = ranks.values.compactMap({ $0.pending.first?.round }).min(),
            isOver || isComplete(round)
        {
            taken += take(round)
        }
        return taken
    }

    /// The run's span, when everything else has been taken.
    ///
    /// - Parameter began: the moment of the run's first start, in microseconds since 1970.
    package func run(_ facts: SpanBuilder.RunFacts, began: Int) -> OTLPSpan {
        var window = whole ?? SpanBuilder.Window(start: began, end: began)
        window.start = min(window.start, began)
        var facts = facts
        facts.clockError = clockError
        var span = builder.run(facts, window)
        if start > 0 { span.events.append(.init(name: "run continued", time: epoch)) }
        // Faults of rounds that have no span.
        let others = faults.sorted { $0.key < $1.key }.flatMap(\.value)
        span.events += others.map { SpanBuilder.event($0, time: window.end) }
        return span
    }

    /// Whether a round's spans are what they will be.
    private func isComplete(_ round: Int) -> Bool {
        guard let server = ranks[0], server.round > round || server.isClosed else { return false }
        // The record goes into the round's span: what comes after that needs none.
        guard round == 0 || round <= lastRound || records[round] != nil else { return false }
        if ranks.values.allSatisfy({ $0.round > round || $0.isClosed }) { return true }
        guard let next = server.pending.first(where: { $0.round > round }), let last = server.pending.last else {
            return false
        }
        return last.end - next.start > Self.patience
    }

    /// Makes the spans of a round of all ranks.
    private mutating func take(_ round: Int) -> [(rank: Int, spans: [OTLPSpan])] {
        var taken: [(rank: Int, spans: [OTLPSpan])] = []
        var window: SpanBuilder.Window?
        var reform: Int?
        for number in ranks.keys.sorted() {
            guard var rank = ranks[number] else { continue }
            let end = rank.pending.firstIndex { $0.round != round } ?? rank.pending.count
            guard end > 0 else { continue }
            let slice = RoundSlice(session: start, round: round, events: rank.pending[..<end])
            taken.append((number, builder.spans(of: slice, rank: number, origin: epoch, offset: rank.passed)))
            let own = SpanBuilder.Window(start: epoch + slice.start, end: epoch + slice.end)
            window = window?.union(own) ?? own
            if number == 0 { reform = slice.events.first { $0.phase == .reform }?.start }
            rank.pending.removeFirst(end)
            rank.passed += end
            ranks[number] = rank
        }
        guard let window else { return taken }
        whole = whole?.union(window) ?? window
        // What comes late, of a rank that was waited for no longer, has a parent already.
        guard round > lastRound else { return taken }
        lastRound = round
        let moment = reform.map { epoch + $0 } ?? window.start
        let span = builder.round(
            round, start: start, window, record: records.removeValue(forKey: round),
            faults: (faults.removeValue(forKey: round) ?? [], moment))
        return [(0, [span])] + taken
    }
}
