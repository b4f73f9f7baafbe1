import FedCore

extension PrivacyEvent {
    /// What the event comes down to: Gaussians and how often each.
    ///
    /// - Parameters:
    ///   - relation: which data sets are neighbours; not every mechanism has a guarantee under
    ///     each.
    ///   - times: how often the event takes place.
    ///   - add: called for each part.
    /// - Throws: `ConfigurationError` for parameters out of range, and for what the relation
    ///   does not go with.
    func visitTerms(
        under relation: NeighbouringRelation, times: Int = 1, _ add: (SampledGaussian, Int) -> Void
    ) throws(ConfigurationError) {
        switch self {
        case .nothing: return
        case .repeated(let event, let count):
            guard count >= 0 else { throw ConfigurationError("an event cannot take place \(count) times") }
            let (product, overflows) = times.multipliedReportingOverflow(by: count)
            guard !overflows, product <= Self.mostTimes else {
                throw ConfigurationError("events are counted up to \(NumberText.grouped(Self.mostTimes)) times")
            }
            guard product > 0 else { return }
            try event.visitTerms(under: relation, times: product, add)
        case .composed(let events):
            for event in events { try event.visitTerms(under: relation, times: times, add) }
        case .gaussian, .discreteGaussian, .tree:
            let (square, distance) = try precision(under: relation)
            guard square > 0 else { return }
            add(
                SampledGaussian(noiseMultiplier: 1 / square.squareRoot(), sampling: .none, logDistance: distance), times
            )
        case .poissonSampled(let probability, let event):
            guard relation != .replaceOne else {
                throw ConfigurationError(
                    "poisson sampling is accounted under \(NeighbouringRelation.addOrRemoveOne.rawValue), not \(relation.rawValue)"
                )
            }
            guard (0...1).contains(probability) else {
                throw ConfigurationError("a sampling probability is \(probability); it must be from 0 to 1")
            }
            let (square, distance) = try event.precision(under: relation, sampled: true)
            guard square > 0, probability > 0 else { return }
            let sampling: SampledGaussian.Sampling = probability == 1 ? .none : .poisson(probability: probability)
            add(
                SampledGaussian(noiseMultiplier: 1 / square.squareRoot(), sampling: sampling, logDistance: distance),
                times)
        case .fixedSampled(let size, let population, let event):
            guard relation == .replaceOne else {
                throw ConfigurationError(
                    "sampling of a fixed size is accounted under \(NeighbouringRelation.replaceOne.rawValue), not "
                        + relation.rawValue)
            }
            guard population >= 1, (0...population).contains(size) else {
                throw ConfigurationError("\(size) of \(population) records cannot be sampled")
            }
            let (square, distance) = try event.precision(under: relation, sampled: true)
            guard square > 0, size > 0 else { return }
            let sampling: SampledGaussian.Sampling =
                size == population ? .none : .fixed(size: size, population: population)
            add(
                SampledGaussian(noiseMultiplier: 1 / square.squareRoot(), sampling: sampling, logDistance: distance),
                times)
        }
    }

    /// Most times that an event is counted: beyond it counts would not be exact in floating
    /// point.
    static let mostTimes = 1 << 40

    /// Σ 1/σ² of Gaussians that all see the same records, and how far they are from Gaussians.
    ///
    /// C. Dwork, A. Roth, *The Algorithmic Foundations of Differential Privacy*, 2014, and
    /// section 3 of H. B. McMahan et al., *A General Approach to Adding Differential Privacy to
    /// Iterative Training Procedures*, 2018, arXiv 1812.06210. A tree over n steps has ⌈log₂(n
    /// + 1)⌉ sums that contain one step (Kairouz et al. 2021, appendix D).
    /// - Parameters:
    ///   - relation: when data sets are neighbours.
    ///   - sampled: whether the event was applied to a sample, where a tree has no guarantee.
    /// - Returns: Σ 1/σ², 0 when nothing was released; and ``SampledGaussian/logDistance``.
    /// - Throws: `ConfigurationError` for parameters out of range, and for samples, which are
    ///   no plain Gaussians.
    private func precision(
        under relation: NeighbouringRelation, sampled: Bool = false
    ) throws(ConfigurationError) -> (square: Double, logDistance: Double) {
        switch self {
        case .nothing: return (0, 0)
        case .gaussian(let noise): return (try Self.precision(noise), 0)
        case .discreteGaussian(let noise):
            guard noise.stepsPerParty > 0, noise.parties >= 1, noise.dimension >= 1 else {
                throw ConfigurationError("discrete noise needs steps above 0, a party and a dimension")
            }
            _ = try Self.precision(noise.noiseMultiplier)
            return (try Self.precision(noise.gaussianNoiseMultiplier), noise.logDistanceFromRounded)
        case .tree(let noise, let steps):
            guard relation == .zeroOutOne else {
                throw ConfigurationError(
                    "a tree is accounted under \(NeighbouringRelation.zeroOutOne.rawValue), not \(relation.rawValue)")
            }
            guard !sampled else { throw ConfigurationError("a tree within a sample has no known guarantee") }
            guard steps >= 1 else { throw ConfigurationError("a tree of \(steps) steps; it must have one at least") }
            // ⌈log₂(n + 1)⌉ is the number of binary digits of n.
            let depth = Int.bitWidth - steps.leadingZeroBitCount
            return (Double(depth) * (try Self.precision(noise)), 0)
        case .repeated(let event, let count):
            guard (0...Self.mostTimes).contains(count) else {
                throw ConfigurationError("an event cannot take place \(count) times")
            }
            let (square, distance) = try event.precision(under: relation, sampled: sampled)
            return count == 0 ? (0, 0) : (Double(count) * square, Double(count) * distance)
        case .composed(let events):
            var sum = (square: 0.0, logDistance: 0.0)
            for event in events {
                let (square, distance) = try event.precision(under: relation, sampled: sampled)
                sum.square += square
                sum.logDistance += distance
            }
            return sum
        case .poissonSampled, .fixedSampled:
            throw ConfigurationError("a sample of a sample is not accounted; state the probability of both together")
        }
    }

    /// 1/σ² of a noise multiplier.
    private static func precision(_ noise: Double) throws(ConfigurationError) -> Double {
        guard (noiseRange).contains(noise) else {
            throw ConfigurationError(
                "a noise multiplier is \(noise); it must be from \(noiseRange.lowerBound) to \(noiseRange.upperBound)")
        }
        return 1 / (noise * noise)
    }

    /// Noise multipliers that are accounted: below, ε is past a hundred thousand a round.
    public static let noiseRange = 0.001...1e6
}
