import FedCore

/// The efficiencies of a parallel program as the POP Centre of Excellence defines them (*POP Standard Metrics for
/// Parallel Performance Analysis*, https://pop-coe.eu): 1 is perfect.
///
/// Useful time is what a rank computes: its phases that are no communication, no waiting and no idleness
/// (``FedCore/Phase/isUseful``). Each value is in [0, 1] as long as no rank's useful time is longer than the run time,
/// which holds when both are taken from the same window of time.
public struct Efficiency: Sendable, Equatable {
    /// Mean useful time over the largest: 1 when all ranks compute equally long, 1 over the number of ranks when a
    /// single one computes.
    public let loadBalance: Double
    /// The largest useful time over the run time: 1 when the busiest rank never communicates, waits or idles.
    public let communication: Double
    /// Their product, POP's parallel efficiency: mean useful time over the run time.
    public var parallel: Double { loadBalance * communication }

    /// Computes the efficiencies of some ranks over one interval of time. Nil when nothing was computed, or no time
    /// passed.
    ///
    /// - Parameters:
    ///   - useful: time that each rank computed, in any order. A rank that did not compute counts as 0, and must not be
    ///     left out: it makes the balance worse.
    ///   - runtime: length of the interval, in the same unit.
    /// - Complexity: O(ranks).
    public init?(useful: [Int], runtime: Int) {
        self.init([(useful: useful, runtime: runtime)])
    }

    /// Computes the efficiencies of a job that ran in several parts, each on ranks of its own number, as a run does that
    /// is continued on more or fewer ranks: nobody is counted for time in which it was not there. Nil as above.
    ///
    /// A part weighs with its time and its ranks: the largest useful time and the run time are each taken times the
    /// part's number of ranks before they are added up, so that the product is again useful time over the time that the
    /// ranks had. With parts of equally many ranks these are sums of times.
    ///
    /// - Parameter parts: of each, the time that each of its ranks computed and its length, in one unit.
    /// - Complexity: O(ranks of all parts).
    public init?(_ parts: [(useful: [Int], runtime: Int)]) {
        var (useful, longest, available) = (0, 0, 0)
        for part in parts where part.runtime > 0 {
            useful += part.useful.reduce(0, +)
            longest += (part.useful.max() ?? 0) * part.useful.count
            available += part.runtime * part.useful.count
        }
        guard longest > 0, available > 0 else { return nil }
        loadBalance = Double(useful) / Double(longest)
        communication = Double(longest) / Double(available)
    }
}
