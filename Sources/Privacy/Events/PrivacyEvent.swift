/// What was released about the data: a mechanism with its parameters, and how mechanisms stand
/// together.
///
/// Events are an algebra: leaves are mechanisms with noise, and the others say that one was
/// applied to a sample, or that several were applied. An accountant turns an event into (ε, δ).
/// A `noiseMultiplier` is the standard deviation of the noise over the L2 sensitivity: over the
/// clipping norm under ``NeighbouringRelation/addOrRemoveOne`` and
/// ``NeighbouringRelation/zeroOutOne``, over twice the norm under
/// ``NeighbouringRelation/replaceOne``.
///
/// ```swift
/// let round = PrivacyEvent.poissonSampled(probability: 0.01, .gaussian(noiseMultiplier: 1.1))
/// let run = PrivacyEvent.repeated(round, times: 1_000)
/// ```
public indirect enum PrivacyEvent: Sendable, Hashable {
    /// Nothing was released.
    case nothing
    /// Gaussian noise was added to a sum.
    case gaussian(noiseMultiplier: Double)
    /// Gaussian noise on whole numbers was added to a sum of whole numbers, by one party or by
    /// several.
    case discreteGaussian(DiscreteGaussianNoise)
    /// The mechanism saw a sample in which each record is with this probability, whatever the
    /// others do. The size of the sample is random; it must not be released, and what divides
    /// the sum must not depend on it.
    case poissonSampled(probability: Double, PrivacyEvent)
    /// The mechanism saw `size` of the `population` records, drawn without replacement.
    case fixedSampled(size: Int, population: Int, PrivacyEvent)
    /// All prefix sums of `steps` steps were released through one binary tree of noisy sums,
    /// and each record took part in one step at most. Restarts of the tree are further events,
    /// composed.
    case tree(noiseMultiplier: Double, steps: Int)
    /// The event so many times, on the same data, each with fresh noise.
    case repeated(PrivacyEvent, times: Int)
    /// All of the events, on the same data; later ones may depend on what earlier ones
    /// released.
    case composed([PrivacyEvent])

    /// A round of DP-FedAvg or a step of DP-SGD: Gaussian noise on a Poisson sample; without
    /// sampling at probability 1.
    /// - Parameters:
    ///   - noiseMultiplier: σ over the clipping norm.
    ///   - probability: of each record to be in the sample, in (0, 1].
    public static func sampledGaussian(noiseMultiplier: Double, probability: Double) -> PrivacyEvent {
        let gaussian = PrivacyEvent.gaussian(noiseMultiplier: noiseMultiplier)
        return probability == 1 ? gaussian : .poissonSampled(probability: probability, gaussian)
    }
}
