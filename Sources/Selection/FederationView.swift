public import FedCore

/// What a selection rule may know of the federation before a round.
public struct FederationView: Sendable, Equatable {
    /// Samples that each client holds, ≥ 0.
    public let samples: [Int]
    /// Seed of the run.
    public let seed: UInt64
    /// Charge of each client's battery, from 0 (empty) to 1 (full, or on the mains): what a rule that spares batteries reads.
    /// Nil when the clients do not report it.
    public let charge: [Double]?

    /// A federation of clients that hold so many samples.
    public init(samples: [Int], seed: UInt64, charge: [Double]? = nil) {
        precondition(samples.allSatisfy { $0 >= 0 }, "a client with a negative number of samples")
        precondition(charge == nil || charge?.count == samples.count, "a charge for each client, or for none")
        precondition(charge?.allSatisfy { (0...1).contains($0) } ?? true, "a charge is from 0 to 1")
        self.samples = samples
        self.seed = seed
        self.charge = charge
    }

    /// How many there are.
    public var clients: Int { samples.count }

    /// The randomness of one selection: another stream for each round and attempt.
    public func random(round: Int, attempt: Int) -> RandomStream {
        RandomStream(seed: seed, .selection, round: round, salt: attempt)
    }
}
