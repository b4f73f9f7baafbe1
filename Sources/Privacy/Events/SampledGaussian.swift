/// What every event comes down to: Gaussian noise on all records, or on a sample of them.
///
/// Gaussians on the same data are one Gaussian with 1/σ² = Σ 1/σᵢ² (the outputs' weighted mean
/// is a sufficient statistic), and a tree of depth h is h of them, so trees and compositions
/// within a sample disappear.
/// Accountants work on these alone, so an accountant is one formula and an event is one line
/// that reduces it.
public struct SampledGaussian: Sendable, Hashable {
    /// How the records were sampled.
    public enum Sampling: Sendable, Hashable {
        /// All of them took part.
        case none
        /// Each with this probability, in (0, 1), on its own.
        case poisson(probability: Double)
        /// So many of so many, without replacement.
        case fixed(size: Int, population: Int)
    }

    /// Standard deviation of the noise over the L2 sensitivity; above 0.
    public let noiseMultiplier: Double
    /// Which records took part.
    public let sampling: Sampling
    /// What accountants of loss distributions have to bear in mind: how far this is from a
    /// Gaussian in the logarithm of a probability; 0 for a Gaussian. See
    /// ``DiscreteGaussianNoise/logDistanceFromRounded``.
    public let logDistance: Double

    /// The share of the records that take part: 1 without sampling.
    public var probability: Double {
        switch sampling {
        case .none: 1
        case .poisson(let probability): probability
        case .fixed(let size, let population): Double(size) / Double(population)
        }
    }

    /// True when all records take part.
    var isWhole: Bool { sampling == .none }
}
