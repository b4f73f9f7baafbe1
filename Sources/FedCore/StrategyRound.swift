/// The sizes of everything that a strategy sends beside the weights and the updates, and of what it keeps for each
/// client.
///
/// A vector is d floats, d the number of federated parameters. The default, FedAvg's, is nothing: d floats down and d
/// floats up per client and round. Every rank sizes its buffers by this value, so it must not change during a run.
public struct StrategyTraffic: Sendable, Equatable {
    /// Vectors that the server sends to every client beside the weights.
    public var broadcastVectors = 0
    /// Vectors that each client sends beside its update.
    public var extraVectors = 0
    /// Single floats that each client sends behind its vectors.
    public var extraNumbers = 0
    /// Vectors that are kept for each client from round to round; they travel with the client between ranks.
    public var stateVectors = 0
    /// Whether each client's message is multiplied by a power of two of the client's own, for sums whose terms span
    /// more than the range of Float. The exponent is sent as one more float, behind the others.
    public var isScaled = false

    /// Describes a strategy's traffic; every default is FedAvg's.
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

    /// Whether ``Strategy/prepare(_:broadcast:state:)`` has something to make a drift from; otherwise it is not called.
    public var hasDrift: Bool { broadcastVectors > 0 || stateVectors > 0 }

    /// Floats that ``Strategy/finish(_:extra:state:broadcast:gradient:work:)`` writes beside the update, the exponent
    /// of a scaled update included.
    /// - Parameter parameters: d, the number of federated parameters.
    public func extraCount(parameters: Int) -> Int { parameters * extraVectors + extraNumbers + (isScaled ? 1 : 0) }

    /// The blocks in which a client's message is summed.
    /// - Parameters:
    ///   - parameters: d, the number of federated parameters.
    ///   - statistics: how many of them are running statistics. These are averaged whatever the strategy; a scaled
    ///     update carries them behind its blocks, unscaled.
    public func uploadShape(parameters: Int, statistics: Int) -> UpdateShape {
        guard isScaled else { return UpdateShape(plain: parameters + extraCount(parameters: parameters)) }
        let vectors = [Int](repeating: parameters, count: 1 + extraVectors)
        return UpdateShape(scaled: vectors + [Int](repeating: 1, count: extraNumbers), plain: statistics)
    }
}

/// The computation of a client in a round.
public enum LocalWork: Sendable, Equatable {
    /// Local epochs of mini-batch SGD.
    case training
    /// One step along the gradient over the client's whole data: one pass over the data.
    case fullBatchStep
    /// Local epochs, after a pass that finds the gradient and the loss at the global weights over the client's whole
    /// data: one pass more than `training`.
    case trainingAfterGradient
}

/// A client's finished work, as ``Strategy/finish(_:extra:state:broadcast:gradient:work:)`` sees it.
public struct FinishedWork: Sendable, Equatable {
    /// The mean loss per sample at the global weights, over the client's whole data; NaN when ``LocalWork/training``
    /// is the strategy's work, which does not compute it.
    public var initialLoss: Double
    /// Steps of the local optimizer, ≥ 1.
    public var steps: Int
    /// η of the local optimizer in this round.
    public var learningRate: Double
    /// ρ of the local optimizer, in [0, 1); 0 when momentum is off.
    public var momentum: Double

    /// Describes finished work.
    public init(initialLoss: Double = .nan, steps: Int, learningRate: Double, momentum: Double) {
        self.initialLoss = initialLoss
        self.steps = steps
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// ‖a‖₁ of these steps; see ``accumulation(steps:momentum:)``.
    public var accumulation: Double { Self.accumulation(steps: steps, momentum: momentum) }

    /// The weight ‖a‖₁ of τ gradients in the change of the weights, for SGD with momentum ρ that starts at rest.
    ///
    /// ‖a‖₁ = [τ − ρ(1 − ρ^τ)/(1 − ρ)]/(1 − ρ), which is τ without momentum: with equal gradients g the weights change
    /// by −η‖a‖₁g. Strategies divide by it to compare clients that have done different numbers of steps.
    ///
    /// J. Wang et al., *Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization*,
    /// NeurIPS 2020, section 4.2, arXiv:2007.07481.
    ///
    /// - Parameters:
    ///   - steps: τ ≥ 0.
    ///   - momentum: ρ in [0, 1).
    /// - Returns: ‖a‖₁, the same bits on every machine.
    /// - Complexity: O(steps) multiplications with momentum, O(1) without.
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

/// A round as a strategy's server half sees it, once the updates have been averaged.
///
/// The server makes it for ``Strategy/apply(_:to:in:)`` and for the server halves of the stages. An asynchronous step
/// is a round here, too: its participants are the updates in the buffer.
public struct AggregatedRound: Sendable, Equatable {
    /// A client whose update is in the mean.
    public struct Participant: Sendable, Equatable {
        /// The client's number, from 0.
        public var client: Int
        /// Samples that it trained on; fewer than it holds when a deadline ended its training.
        public var samples: Int
        /// Steps of its optimizer.
        public var steps: Int

        /// Describes a participant.
        public init(client: Int, samples: Int, steps: Int) {
            self.client = client
            self.samples = samples
            self.steps = steps
        }
    }

    /// The round's number, from 1.
    public var number: Int
    /// The clients in the mean, ordered by number, so that sums over them have the same bits at any placement.
    public var participants: [Participant]
    /// Σ nᵢ of the participants: under secure aggregation known though no nᵢ is.
    public var samples: Int
    /// Samples of all clients of the federation, whether they took part or not.
    public var federationSamples: Int
    /// η of the local optimizers in this round.
    public var learningRate: Double
    /// ρ of the local optimizers in this round; 0 when momentum is off.
    public var momentum: Double

    /// Describes a round.
    /// - Parameter samples: Σ nᵢ; nil adds up what the participants say.
    public init(
        number: Int, participants: [Participant], samples: Int? = nil, federationSamples: Int, learningRate: Double,
        momentum: Double
    ) {
        self.samples = samples ?? participants.reduce(0) { $0 + $1.samples }
        self.number = number
        self.participants = participants
        self.federationSamples = federationSamples
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// The share of the federation's samples that took part, ≥ 0; 1 at full participation.
    public var share: Double { Double(samples) / Double(max(federationSamples, 1)) }
}
