import FedCore

/// One round's time, by rank.
public struct RoundTime: Sendable {
    /// The round's number, from 1.
    public let round: Int
    /// First moment, in microseconds on the run's time axis. The server's round, or all ranks' where the server's log
    /// is missing.
    public internal(set) var start: Int
    /// Last moment, likewise.
    public internal(set) var end: Int
    /// What each rank did with its time, in the order of `RunTiming.ranks`; all 0 for a rank that logged nothing of the
    /// round.
    ///
    /// A worker's events carry the round's number from the moment it hears of the round until it hears of the next, so
    /// its times need not lie between ``start`` and ``end`` to the microsecond.
    public internal(set) var ranks: [PhaseTimes]
    /// Place in `RunTiming.starts` of the start in which it was done.
    let startIndex: Int

    /// Length in microseconds, always above 0 in ``TimeAccount/rounds``.
    public var duration: Int { end - start }

    /// Adds an event of the round.
    ///
    /// - Parameters:
    ///   - event: what was done, on the run's time axis.
    ///   - rank: place of the rank in `RunTiming.ranks`, which is not its number.
    ///   - setsWindow: whether the round's window, ``start`` to ``end``, is widened to hold it.
    mutating func add(_ event: TimingEvent, of rank: Int, setsWindow: Bool) {
        ranks[rank][event.phase] += event.duration
        guard setsWindow else { return }
        start = min(start, event.start)
        end = max(end, event.end)
    }
}

/// The time of a run added up: by rank, by round, by client.
///
/// The report, the tables at a run's end and the dashboard read it. It keeps sums and no events.
public struct TimeAccount: Sendable {
    /// What each rank did with its time, in the order of `RunTiming.ranks`; everything that was logged, also before
    /// round 1 and in rounds that were repeated.
    public private(set) var ranks: [PhaseTimes]
    /// From round 1, in order. A round that was repeated after the run was continued counts as it was done last.
    public private(set) var rounds: [RoundTime] = []
    /// What each client's turns took, by the client's number. Only clients are here whose training was logged one by
    /// one.
    public private(set) var clients: [Int: ClientTime] = [:]
    /// Who waited for whom, the longest first; of all that was logged, like ``ranks``.
    public private(set) var waits: [Wait] = []
    /// Whether the rank at each place of `RunTiming.ranks` is another than rank 0.
    private let isClient: [Bool]
    /// The last round in the log of each rank that was lost; nil of the others.
    private let lostIn: [Int?]
    /// The places of `RunTiming.ranks` whose ranks were part of each start.
    private let present: [[Int]]

    /// The time that one rank waited for another.
    public struct Wait: Sendable, Equatable {
        /// Place in `RunTiming.ranks` of the rank that waited.
        public let waiter: Int
        /// Number of the rank that it waited for, the last one to come; nil where nobody could tell which that was.
        public let awaited: Int?
        /// How often.
        public internal(set) var count: Int
        /// Microseconds in all.
        public internal(set) var duration: Int

        /// Counts a wait, without regard to whose it was.
        mutating func add(_ event: TimingEvent) {
            count += 1
            duration += event.duration
        }
    }

    /// The training of one client, over all that was logged: turns that were repeated after the run was continued count
    /// each time.
    public struct ClientTime: Sendable {
        /// Its turns: training events that name it.
        public internal(set) var rounds = 0
        /// Microseconds of training, in all turns.
        public internal(set) var training = 0
        /// Samples that it was trained on, in all turns.
        public internal(set) var samples = 0
        /// Number of the rank where it ran in the last turn that was read: ranks are read in order, so that of a client
        /// which moved between ranks it is the one of the highest number.
        public internal(set) var rank = 0

        /// Adds a turn.
        ///
        /// - Parameters:
        ///   - event: the turn's training.
        ///   - rank: number of the rank that did it.
        mutating func add(_ event: TimingEvent, on rank: Int) {
            rounds += 1
            training += event.duration
            samples += event.samples
            self.rank = rank
        }
    }

    /// Adds up all events.
    ///
    /// A continued run may have begun the round again in which it was stopped. Then the events of that round which come
    /// before the last start that has some of it are left out of ``rounds``, or its duration would hold the time of two
    /// attempts.
    ///
    /// - Complexity: O(events · log starts) at most; memory of O(rounds · ranks).
    public init(_ timing: RunTiming) {
        isClient = timing.ranks.map { $0.rank > 0 }
        present = timing.starts.indices.map { start in
            timing.ranks.indices.filter { timing.ranks[$0].sessions.contains { $0.index == start } }
        }
        let none = timing.ranks.map { _ in PhaseTimes() }
        ranks = none
        // A rank that was lost is nobody's peer from the round on in which its log ends.
        lostIn = timing.server?.isComplete == true ? timing.silentFrom : timing.ranks.map { _ in nil }
        // A round that was begun twice does not count what was done before the run was continued.
        func start(of event: TimingEvent) -> Int {
            timing.starts.count < 2 ? 0 : timing.starts.lastIndex { $0 <= event.start } ?? 0
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
            var awaited: [Int?: Wait] = [:]
            for event in rank.events {
                ranks[i][event.phase] += event.duration
                if event.phase == .wait {
                    awaited[event.peer, default: Wait(waiter: i, awaited: event.peer, count: 0, duration: 0)].add(event)
                }
                if event.phase == .train, let client = event.client {
                    clients[client, default: ClientTime()].add(event, on: rank.rank)
                }
                guard event.round >= 1 else { continue }
                let start = start(of: event)
                guard lastStart[event.round] ?? 0 == start else { continue }
                byRound[
                    event.round,
                    default: RoundTime(round: event.round, start: .max, end: .min, ranks: none, startIndex: start)
                ].add(event, of: i, setsWindow: setsWindow)
            }
            waits += awaited.values
        }
        waits.sort { ($1.duration, $0.waiter, $0.awaited ?? -1) < ($0.duration, $1.waiter, $1.awaited ?? -1) }
        rounds = byRound.values.filter { $0.end > $0.start }.sorted { $0.round < $1.round }
    }

    /// The ranks that did some rounds together.
    private struct Team: Hashable {
        let start: Int
        let places: [Int]
    }

    /// Whose time counts: that of all ranks, or of the clients alone.
    ///
    /// The server's work is another than the clients': it makes all ranks together look unbalanced even when the
    /// clients are perfectly so.
    public enum Part: Sendable, CaseIterable { case all, clients }

    /// Efficiency of one round.
    ///
    /// - Parameters:
    ///   - round: one of ``rounds``.
    ///   - part: the ranks that count. The run time is the round's in both cases.
    /// - Returns: nil when none of them computed.
    /// - Complexity: O(ranks).
    public func efficiency(_ round: RoundTime, of part: Part) -> Efficiency? {
        Efficiency(useful: places(round, part).map { round.ranks[$0].useful }, runtime: round.duration)
    }

    /// Efficiency of all rounds together, without what comes before the first.
    ///
    /// Useful times and durations are added up over the rounds of a start before they are divided, so long rounds weigh
    /// more; it is not the mean of the rounds' efficiencies. Of a run that was continued each start counts with the
    /// ranks that it had.
    ///
    /// - Parameter part: the ranks that count.
    /// - Returns: nil without a round, or when none of the ranks computed in one.
    /// - Complexity: O(rounds · ranks).
    public func efficiency(of part: Part) -> Efficiency? {
        Efficiency(
            Dictionary(grouping: rounds) { Team(start: $0.startIndex, places: places($0, part)) }.map { team, rounds in
                let useful = team.places.map { i in rounds.reduce(0) { $0 + $1.ranks[i].useful } }
                return (useful, rounds.reduce(0) { $0 + $1.duration })
            })
    }

    /// The places in `RunTiming.ranks` of a part's ranks that were there when a round was done.
    private func places(_ round: RoundTime, _ part: Part) -> [Int] {
        let there = present.indices.contains(round.startIndex) ? present[round.startIndex] : Array(ranks.indices)
        return there.filter { place in
            (part == .all || isClient[place]) && (lostIn[place].map { round.round < $0 } ?? true)
        }
    }

    /// The client rank that computes longest, so that the others wait for it; nil with fewer than two, and when none
    /// computed.
    ///
    /// - Parameter round: one of ``rounds``.
    /// - Returns: its place in `RunTiming.ranks`, and by how much it is behind the mean of all client ranks that were
    ///   there, itself included, in microseconds. The first of equally slow ones.
    /// - Complexity: O(ranks).
    public func slowest(_ round: RoundTime) -> (index: Int, behind: Int)? {
        let clients = places(round, .clients)
        let useful = clients.map { round.ranks[$0].useful }
        guard clients.count > 1, let longest = useful.max(), longest > 0, let place = useful.firstIndex(of: longest)
        else { return nil }
        return (clients[place], longest - useful.reduce(0, +) / useful.count)
    }

    /// The client rank that is furthest behind the mean of those that were there, over all the rounds in which it was.
    public struct Straggler: Sendable, Equatable {
        /// Its place in `RunTiming.ranks`.
        public let index: Int
        /// Rounds in which it is the slowest.
        public let slowestRounds: Int
        /// The rounds in which it was there, by their numbers.
        public let rounds: Set<Int>
        /// Microseconds a round that it computes longer than the mean, itself included.
        public let meanBehind: Int
    }

    /// The straggler: whether it matters, its `meanBehind` tells. Nil with fewer than two client ranks.
    ///
    /// - Complexity: O(rounds · ranks).
    public func straggler() -> Straggler? {
        var found: [Int: (slowest: Int, rounds: Set<Int>, behind: Double)] = [:]
        for round in rounds {
            guard let slowest = slowest(round) else { continue }
            let clients = places(round, .clients)
            let mean = Double(clients.reduce(0) { $0 + round.ranks[$1].useful }) / Double(clients.count)
            for client in clients {
                found[client, default: (0, [], 0)].rounds.insert(round.round)
                found[client, default: (0, [], 0)].behind += Double(round.ranks[client].useful) - mean
            }
            found[slowest.index, default: (0, [], 0)].slowest += 1
        }
        let last = found.max { ($0.value.behind, $1.key) < ($1.value.behind, $0.key) }
        guard let last, last.value.behind > 0 else { return nil }
        return Straggler(
            index: last.key, slowestRounds: last.value.slowest, rounds: last.value.rounds,
            meanBehind: Int((last.value.behind / Double(last.value.rounds.count)).rounded()))
    }

    /// The client ranks that were there when a round was done, as places in `RunTiming.ranks`.
    public func clients(in round: RoundTime) -> [Int] { places(round, .clients) }
}
