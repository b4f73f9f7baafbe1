import FedCore
import Records

/// The terms on which a round's updates are summed: lengths, weights, and the bound that the fixed point is chosen by.
///
/// Every rank derives the same ones from the job before the first round. So whether an update is refused depends on
/// that update alone, and comes out the same on its own rank (which leaves it out of a partial sum) and at the server.
struct UpdateTerms: Sendable {
    /// Floats that are sent, and which of them share a power of two.
    let shape: UpdateShape
    /// The largest weight that the updates of a step can have together, below 2³²: it sets the scale of the exact sum.
    let totalWeight: Double
    /// Weight of an update in the mean, by the samples it was trained on; nₖ in FedAvg.
    let weight: @Sendable (_ samples: Int) -> Double
    /// Samples that a client trains on: its report may not claim more.
    let samplesHeld: @Sendable (_ client: Int) -> Int
    /// Whether the samples of single clients are summed under masks, so that no report can be held against them.
    var hidesReports = false

    /// Takes the terms as they are given.
    init(
        shape: UpdateShape, totalWeight: Double, weight: @escaping @Sendable (Int) -> Double = { Double($0) },
        samplesHeld: @escaping @Sendable (Int) -> Int
    ) {
        self.shape = shape
        self.totalWeight = totalWeight
        self.weight = weight
        self.samplesHeld = samplesHeld
    }

    /// Derives the terms from strategy, vectors and settings. O(clients · log clients).
    ///
    /// The bound is the weight of the heaviest clients, as many as a cohort has; with an asynchronous strategy, as many
    /// of the heaviest client as the buffer has, because one client can be in it more than once. Updates that devices keep
    /// offline come on top.
    /// - Parameters:
    ///   - isUnweighted: whether all updates weigh 1, as differential privacy counts them.
    ///   - samplesHeld: samples that a client trains on.
    /// - Throws: `ConfigurationError` when a step could weigh 2³² or more, or a scaled sum have too many terms to be
    ///   exact.
    init(
        _ strategy: any Strategy, _ vectors: JobVectors, _ settings: RunSettings, isUnweighted: Bool = false,
        samplesHeld: @escaping @Sendable (Int) -> Int
    ) throws(ConfigurationError) {
        let weight: @Sendable (Int) -> Double = { samples in
            isUnweighted ? 1 : strategy.weight(samples: samples)
        }
        let weights = (0..<settings.clients).map { weight(samplesHeld($0)) }
        let total: Double
        let count: Int
        if let asynchronous = strategy.asynchronous {
            // A client can be in a buffer more than once.
            count = asynchronous.bufferSize
            total = Double(count) * (weights.max() ?? 0)
        } else {
            // Of a fleet all devices may come back at once, each with all that it keeps.
            let kept = settings.offlineUpdates
            count = settings.cohortSize + kept * settings.clients
            total =
                weights.sorted(by: >).prefix(settings.cohortSize).reduce(0, +)
                + (kept > 0 ? Double(kept) * weights.reduce(0, +) : 0)
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
            shape: vectors.shape, totalWeight: max(total, 1), weight: weight,
            samplesHeld: samplesHeld)
    }

    /// The terms on which masked vectors are summed, which are whole numbers and weigh nothing.
    func masked(words: Int) -> UpdateTerms {
        UpdateTerms(shape: UpdateShape(plain: words), totalWeight: 1, samplesHeld: samplesHeld)
    }

    /// An empty sum on these terms. O(parameters) memory.
    func emptySum() -> UpdateSum { UpdateSum(shape, totalWeight: totalWeight) }
}
