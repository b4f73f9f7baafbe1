public import FedCore

/// Microseconds in each phase, added up over any events: of a rank, of a round, of a group of ranks.
///
/// A rank is in one phase at a time, so the sums partition its time: ``useful``, ``communication`` and idleness make up
/// the ``total``.
public struct PhaseTimes: Sendable, Equatable {
    /// By ``Phase/index``: an array instead of a dictionary, because there is one for each rank of each round.
    private var times = [Int](repeating: 0, count: Phase.allCases.count)

    /// Makes times of 0.
    public init() {}

    /// The microseconds of one phase.
    public subscript(phase: Phase) -> Int {
        get { times[phase.index] }
        set { times[phase.index] = newValue }
    }

    /// Adds the other's times, phase by phase.
    public mutating func add(_ other: PhaseTimes) {
        for i in times.indices { times[i] += other.times[i] }
    }

    /// Microseconds in all phases, idleness included.
    public var total: Int { times.reduce(0, +) }
    /// Microseconds of computation, in POP's sense: see ``Efficiency``.
    public var useful: Int { sum { $0.isUseful } }
    /// Microseconds in which the peer was not there yet.
    public var wait: Int { self[.wait] }
    /// Microseconds of broadcast and gather, in which both sides were there and bytes moved.
    public var transfer: Int { self[.broadcast] + self[.gather] }
    /// Microseconds in communication: transfer, wait, and going on after a loss. It is what the tables call MPI time;
    /// idle time is no part of it.
    public var communication: Int { transfer + wait + self[.reform] }

    /// Microseconds of the phases that a condition picks.
    private func sum(_ isIncluded: (Phase) -> Bool) -> Int {
        Phase.allCases.reduce(0) { $0 + (isIncluded($1) ? self[$1] : 0) }
    }
}

extension Phase {
    /// Its place among all phases, in the order of ``allCases``: a switch, because a search of the cases would run for
    /// each event.
    var index: Int {
        switch self {
        case .broadcast: 0
        case .load: 1
        case .train: 2
        case .encode: 3
        case .wait: 4
        case .gather: 5
        case .decode: 6
        case .aggregate: 7
        case .evaluate: 8
        case .checkpoint: 9
        case .reform: 10
        case .keys: 11
        case .shares: 12
        case .mask: 13
        case .unmask: 14
        case .idle: 15
        }
    }
}
