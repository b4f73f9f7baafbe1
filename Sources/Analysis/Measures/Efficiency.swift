import FedCore

/// The efficiencies of a parallel program as the POP Centre of Excellence defines them
/// (*POP Standard Metrics for Parallel Performance Analysis*, pop-coe.eu): each in [0, 1], 1 is perfect.
///
/// Useful time is what a rank computes, in any phase that is no communication.
public struct Efficiency: Sendable, Equatable {
    /// Mean useful time over the largest: 1 when all ranks compute equally long.
    public let loadBalance: Double
    /// The largest useful time over the run time: 1 when the busiest rank never communicates.
    public let communication: Double
    /// Their product: mean useful time over the run time.
    public var parallel: Double { loadBalance * communication }

    /// Nil when nothing was computed, or no time passed.
    /// - Parameters:
    ///   - useful: time of each rank.
    ///   - runtime: in the same unit.
    public init?(useful: [Int], runtime: Int) {
        guard let longest = useful.max(), longest > 0, runtime > 0 else { return nil }
        let mean = Double(useful.reduce(0, +)) / Double(useful.count)
        loadBalance = mean / Double(longest)
        communication = Double(longest) / Double(runtime)
    }
}
