import FedCore

/// One round's time, by rank.
public struct RoundTime: Sendable {
    public let round: Int
    /// Microseconds on the run's time axis. The server's round, or all ranks' where the server's log is missing.
    public internal(set) var start: Int
    public internal(set) var end: Int
    /// In the order of `RunTiming.ranks`.
    public internal(set) var ranks: [PhaseTimes]

    /// Microseconds from its begin to its end.
    public var duration: Int { end - start }

    /// Adds an event to a rank's times.
    ///
    /// - Parameters:
    ///   - rank: its place in `RunTiming.ranks`.
    ///   - setsWindow: whether the round lasts as long as this rank's events.
    mutating func add(_ event: TimingEvent, of rank: Int, setsWindow: Bool) {
        ranks[rank][event.phase] += event.duration
        guard setsWindow else { return }
        start = min(start, event.start)
        end = max(end, event.end)
    }
}

/// The time of a run added up: by rank, by round, by client.
public struct TimeAccount: Sendable {
    /// In the order of `RunTiming.ranks`; everything that was logged.
    public private(set) var ranks: [PhaseTimes]
    /// From round 1, in order. A round that was repeated after the run was continued counts as it was done last.
    public private(set) var rounds: [RoundTime] = []
    /// What each client's turns took.
    public private(set) var clients: [Int: ClientTime] = [:]
    /// Whether each rank trains clients, in the order of `RunTiming.ranks`.
    private let isClient: [Bool]

    public struct ClientTime: Sendable {
        public internal(set) var rounds = 0
        /// Microseconds of training.
        public internal(set) var training = 0
        public internal(set) var samples = 0
        /// Where it ran last.
        public internal(set) var rank = 0

        /// Adds one turn.
        mutating func add(_ event: TimingEvent, on rank: Int) {
            rounds += 1
            training += event.duration
            samples += event.samples
            self.rank = rank
        }
    }

    /// O(events).
    public init(_ timing: RunTiming) {
        isClient = timing.ranks.map { $0.rank > 0 }
        let none = timing.ranks.map { _ in PhaseTimes() }
        ranks = none
        // A round that was begun twice does not count what was done before the run was continued.
        func start(of event: TimingEvent) -> Int {
            timing.starts.count < 2 ? 0 : timing.starts.last { $0 <= event.start } ?? 0
        }
        var lastStart: [Int: Int] = [:]
        if timing.starts.count > 1 {
            for event in timing.ranks.lazy.flatMap(\.events) {
                lastStart[event.round] = max(lastStart[event.round] ?? 0, start(of: event))
            }
        }
        var byRound: [Int: RoundTime] = [:]
        for (i, rank) in timing.ranks.enumerated() {
            let setsWindow = timing.server == nil || rank.rank == 0
            for event in rank.events {
                ranks[i][event.phase] += event.duration
                if event.phase == .train, let client = event.client {
                    clients[client, default: ClientTime()].add(event, on: rank.rank)
                }
                guard event.round >= 1, lastStart[event.round] ?? 0 == start(of: event) else { continue }
                byRound[event.round, default: RoundTime(round: event.round, start: .max, end: .min, ranks: none)]
                    .add(event, of: i, setsWindow: setsWindow)
            }
        }
        rounds = byRound.values.filter { $0.end > $0.start }.sorted { $0.round < $1.round }
    }

    /// Whose time counts: that of all ranks, or of the clients alone.
    public enum Part: Sendable, CaseIterable { case all, clients }

    /// Efficiency of one round.
    ///
    /// - Returns: nil without ranks, or without time.
    public func efficiency(_ round: RoundTime, of part: Part) -> Efficiency? {
        Efficiency(useful: select(round.ranks, part).map(\.useful), runtime: round.duration)
    }

    /// Efficiency of all rounds together, without what comes before the first.
    public func efficiency(of part: Part) -> Efficiency? {
        var useful = ranks.map { _ in 0 }
        for round in rounds {
            for (i, times) in round.ranks.enumerated() { useful[i] += times.useful }
        }
        return Efficiency(useful: select(useful, part), runtime: rounds.reduce(0) { $0 + $1.duration })
    }

    /// The values of the ranks whose time counts, of one value for each rank.
    public func select<Value>(_ ofRanks: [Value], _ part: Part) -> [Value] {
        part == .all ? ofRanks : zip(ofRanks, isClient).filter(\.1).map(\.0)
    }

    /// The client rank that computes longest, so that the others wait for it; nil with fewer than two.
    /// - Returns: its place in `RunTiming.ranks`, and by how much it is behind the mean, in microseconds.
    public func slowest(_ round: RoundTime) -> (index: Int, behind: Int)? {
        let clients = isClient.indices.filter { isClient[$0] }
        let useful = clients.map { round.ranks[$0].useful }
        guard clients.count > 1, let longest = useful.max(), longest > 0, let place = useful.firstIndex(of: longest)
        else { return nil }
        return (clients[place], longest - useful.reduce(0, +) / useful.count)
    }

    /// The rank that is the slowest client rank in most rounds; by equal counts, the one that is further behind.
    public func straggler() -> (index: Int, rounds: Int, meanBehind: Int)? {
        var found: [Int: (rounds: Int, behind: Int)] = [:]
        for round in rounds {
            guard let slowest = slowest(round) else { continue }
            found[slowest.index, default: (0, 0)].rounds += 1
            found[slowest.index, default: (0, 0)].behind += slowest.behind
        }
        return found.max { ($0.value.rounds, $0.value.behind, $1.key) < ($1.value.rounds, $1.value.behind, $0.key) }
            .map { ($0.key, $0.value.rounds, $0.value.behind / $0.value.rounds) }
    }
}
