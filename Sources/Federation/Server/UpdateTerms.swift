import FedCore
import Records

/// What every rank knows, before a round, of how its updates are weighed and added up: so whether an update is refused is
/// a matter of that update alone, and the same wherever it is looked at.
struct UpdateTerms: Sendable {
    let shape: UpdateShape
    /// The most that the updates of a step can weigh together.
    let totalWeight: Double
    /// Weight of an update in the mean, by the samples it was trained on.
    let weight: @Sendable (_ samples: Int) -> Double
    /// By a client.
    let samplesHeld: @Sendable (_ client: Int) -> Int

    init(
        shape: UpdateShape, totalWeight: Double, weight: @escaping @Sendable (Int) -> Double = { Double($0) },
        samplesHeld: @escaping @Sendable (Int) -> Int
    ) {
        self.shape = shape
        self.totalWeight = totalWeight
        self.weight = weight
        self.samplesHeld = samplesHeld
    }

    /// - Throws: `ConfigurationError` when a step can come to more than can be summed exactly.
    init(
        _ strategy: any Strategy, _ vectors: JobVectors, _ settings: RunSettings,
        samplesHeld: @escaping @Sendable (Int) -> Int
    ) throws(ConfigurationError) {
        let weights = (0..<settings.clients).map { strategy.weight(samples: samplesHeld($0)) }
        let total: Double
        let count: Int
        if let asynchronous = strategy.asynchronous {
            // A client can be in a buffer more than once.
            count = asynchronous.bufferSize
            total = Double(count) * (weights.max() ?? 0)
        } else {
            count = settings.cohortSize
            total = weights.sorted(by: >).prefix(count).reduce(0, +)
        }
        guard total < 0x1p32 else {
            throw ConfigurationError(
                "the \(count) updates of a step can be of \(Int(total)) samples together, and must be of fewer than \(1 << 32)"
            )
        }
        guard !vectors.shape.isScaled || count <= ScaledSum.largestCount else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' sums at most \(ScaledSum.largestCount) updates a round, and a cohort has \(count)"
            )
        }
        self.init(
            shape: vectors.shape, totalWeight: max(total, 1), weight: { strategy.weight(samples: $0) },
            samplesHeld: samplesHeld)
    }

    /// To be filled.
    func emptySum() -> UpdateSum { UpdateSum(shape, totalWeight: totalWeight) }
}
