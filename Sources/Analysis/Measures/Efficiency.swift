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
        guard let longest = useful.max(), longest > 0, runtime > 0 else { return nil }
        let mean = Double(useful.reduce(0, +)) / Double(useful.count)
        loadBalance = mean / Double(longest)
        communication = Double(longest) / Double(runtime)
    }
}
