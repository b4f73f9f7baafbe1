/// Vectors of a strategy that cross between server and client, or stay with a client, each as long as the weights.
public struct StrategyTraffic: Sendable, Equatable {
    /// Down, beside the weights.
    public var broadcastVectors = 0
    /// Up, beside the update.
    public var extraVectors = 0
    /// Up, single numbers behind the vectors.
    public var extraNumbers = 0
    /// Kept for each client between rounds.
    public var stateVectors = 0
    /// Whether what comes up is times a power of two, each client's own: for sums whose terms can be of any size. Up comes
    /// one number more, behind the others, the exponent.
    public var isScaled = false

    public init(
        broadcastVectors: Int = 0, extraVectors: Int = 0, extraNumbers: Int = 0, stateVectors: Int = 0,
        isScaled: Bool = false
    ) {
        self.isScaled = isScaled
        self.broadcastVectors = broadcastVectors
        self.extraVectors = extraVectors
        self.extraNumbers = extraNumbers
        self.stateVectors = stateVectors
    }

    /// Whether a client's correction needs a vector of its own.
    public var hasDrift: Bool { broadcastVectors > 0 || stateVectors > 0 }

    /// Floats that `finish` writes beside the update.
    public func extraCount(parameters: Int) -> Int { parameters * extraVectors + extraNumbers + (isScaled ? 1 : 0) }

    /// How what comes up is summed.
    /// - Parameter statistics: of the parameters, those that are averaged whatever the strategy. Of a scaled update they
    ///   are apart, and not scaled.
    public func uploadShape(parameters: Int, statistics: Int) -> UpdateShape {
        guard isScaled else { return UpdateShape(plain: parameters + extraCount(parameters: parameters)) }
        let vectors = [Int](repeating: parameters, count: 1 + extraVectors)
        return UpdateShape(scaled: vectors + [Int](repeating: 1, count: extraNumbers), plain: statistics)
    }
}

/// What a client does in a round.
public enum LocalWork: Sendable, Equatable {
    /// Local epochs of mini-batch SGD.
    case training
    /// One step along the gradient of its whole data.
    case fullBatchStep
    /// Local epochs, after a pass that finds the gradient and the loss at the global weights on its whole data.
    case trainingAfterGradient
}

/// A client's finished work, as its strategy sees it.
public struct FinishedWork: Sendable, Equatable {
    /// The mean loss at the global weights, over the client's whole data; NaN unless `localWork` is to find it.
    public var initialLoss: Double
    /// Steps of the local optimizer, ≥ 1.
    public var steps: Int
    /// η of the local optimizer in this round.
    public var learningRate: Double
    /// ρ of the local optimizer; 0 without.
    public var momentum: Double

    public init(initialLoss: Double = .nan, steps: Int, learningRate: Double, momentum: Double) {
        self.initialLoss = initialLoss
        self.steps = steps
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// ‖a‖₁ of these steps.
    public var accumulation: Double { Self.accumulation(steps: steps, momentum: momentum) }

    /// How often a gradient counts in the change of the weights, summed over τ steps of SGD with momentum ρ that starts
    /// from rest: ‖a‖₁ = [τ − ρ(1 − ρ^τ)/(1 − ρ)]/(1 − ρ), which is τ without momentum. With equal gradients g the change is
    /// −η‖a‖₁g.
    ///
    /// J. Wang et al., *Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization*,
    /// NeurIPS 2020, section 4.2, arXiv:2007.07481.
    public static func accumulation(steps: Int, momentum: Double) -> Double {
        let t = Double(steps)
        guard momentum > 0 else { return t }
        if momentum > 0.999 {
            // Near 1 the formula takes nearly equal numbers from each other; this is its sum, step by step.
            var (geometric, sum) = (0.0, 0.0)
            for _ in 0..<steps {
                geometric = 1 + momentum * geometric
                sum += geometric
            }
            return sum
        }
        // By multiplication alone: the same bits on every machine.
        var power = 1.0
        for _ in 0..<steps { power *= momentum }
        return (t - momentum * (1 - power) / (1 - momentum)) / (1 - momentum)
    }
}

/// A round as its server half sees it, when the updates are in.
public struct AggregatedRound: Sendable, Equatable {
    /// A client whose update is in the mean.
    public struct Participant: Sendable, Equatable {
        public var client: Int
        /// Samples it trained on.
        public var samples: Int
        public var steps: Int

        public init(client: Int, samples: Int, steps: Int) {
            self.client = client
            self.samples = samples
            self.steps = steps
        }
    }

    /// From 1.
    public var number: Int
    /// In the order of their numbers, so that sums over them have the same bits at any placement.
    public var participants: [Participant]
    /// Samples of all clients of the federation.
    public var federationSamples: Int
    /// η and ρ of the local optimizers in this round.
    public var learningRate: Double
    public var momentum: Double

    public init(
        number: Int, participants: [Participant], federationSamples: Int, learningRate: Double, momentum: Double
    ) {
        self.number = number
        self.participants = participants
        self.federationSamples = federationSamples
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// Σ nᵢ of the participants.
    public var samples: Int { participants.reduce(0) { $0 + $1.samples } }

    /// The share of the federation that took part, by samples.
    public var share: Double { Double(samples) / Double(max(federationSamples, 1)) }
}
