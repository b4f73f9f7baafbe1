public import FedCore

/// Microseconds in each phase.
public struct PhaseTimes: Sendable, Equatable {
    /// By the place of the phase.
    private var times = [Int](repeating: 0, count: Phase.allCases.count)

    /// No time in any phase.
    public init() {}

    /// The microseconds in one phase.
    public subscript(phase: Phase) -> Int {
        get { times[phase.index] }
        set { times[phase.index] = newValue }
    }

    /// Adds those of another rank, or of another stretch.
    public mutating func add(_ other: PhaseTimes) {
        for i in times.indices { times[i] += other.times[i] }
    }

    /// All phases together.
    public var total: Int { times.reduce(0, +) }
    /// Computation, in POP's sense.
    public var useful: Int { sum { $0.isUseful } }
    /// The peer was not there yet.
    public var wait: Int { self[.wait] }
    /// Both sides were there.
    public var transfer: Int { self[.broadcast] + self[.gather] }
    /// In communication: transfer, wait, and going on after a loss.
    public var communication: Int { transfer + wait + self[.reform] }

    /// The sum over some phases.
    private func sum(_ isIncluded: (Phase) -> Bool) -> Int {
        Phase.allCases.reduce(0) { $0 + (isIncluded($1) ? self[$1] : 0) }
    }
}

extension Phase {
    /// Its place among all phases.
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
        case .idle: 11
        }
    }
}
