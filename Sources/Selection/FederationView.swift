public import FedCore

/// Everything that a selection rule may know of the federation before a round.
///
/// Made once for a run; what happens in the rounds reaches the rule as ``RoundFeedback``. Clients are numbered
/// 0 ..< ``clients``.
public struct FederationView: Sendable, Equatable {
    /// Number of training samples of each client, ≥ 0.
    public let samples: [Int]
    /// Share of the clients that a round asks, in (0, 1].
    public let fraction: Double
    /// Seed of the run, from which ``random(round:attempt:)`` draws.
    public let seed: UInt64
    /// Charge of each client's battery, from 0 (empty) to 1 (full, or on the mains), for a rule that spares
    /// batteries; nil when the clients do not report it.
    public private(set) var charge: [Double]?
    /// Whether the clients' batteries are known in each round.
    public let hasBatteries: Bool
    /// Joules that a turn of each client would take, as far as its class and its connection tell; nil when they do not.
    public private(set) var joules: [Double]?
    /// The clients that can be asked, ascending; nil when all can.
    public private(set) var available: [Int]?

    /// Creates a view of a federation.
    ///
    /// - Parameters:
    ///   - samples: number of training samples of each client, ≥ 0.
    ///   - seed: seed of the run.
    ///   - fraction: share of the clients that a round asks.
    ///   - charge: charge of each client's battery in [0, 1]; nil when it is not known.
    ///   - hasBatteries: whether it will be known in each round (``among(_:charge:joules:)``).
    /// - Precondition: no number is out of range, and there is a charge for each client or for none.
    public init(
        samples: [Int], seed: UInt64, fraction: Double = 1, charge: [Double]? = nil, hasBatteries: Bool = false
    ) {
        precondition(samples.allSatisfy { $0 >= 0 }, "a client with a negative number of samples")
        precondition(charge == nil || charge?.count == samples.count, "a charge for each client, or for none")
        precondition(charge?.allSatisfy { (0...1).contains($0) } ?? true, "a charge is from 0 to 1")
        self.samples = samples
        self.hasBatteries = hasBatteries || charge != nil
        self.seed = seed
        self.fraction = fraction
        self.charge = charge
    }

    /// The same federation while only some can be asked.
    /// - Parameters:
    ///   - available: numbers of the clients that can be asked, ascending; at least one.
    ///   - charge: charge of each client's battery in [0, 1], of those that cannot be asked, too.
    ///   - joules: joules that a turn of each would take, likewise.
    public func among(_ available: [Int], charge: [Double], joules: [Double]) -> FederationView {
        precondition(!available.isEmpty && charge.count == samples.count && joules.count == samples.count)
        var view = self
        (view.available, view.charge, view.joules) = (available, charge, joules)
        return view
    }

    /// The clients that a rule may choose, ascending.
    public var candidates: [Int] { available ?? Array(samples.indices) }

    /// Number of clients of the federation.
    public var clients: Int { samples.count }

    /// Random stream of one selection: another one for each round and attempt, and the same on every machine.
    ///
    /// - Parameters:
    ///   - round: the round, from 1.
    ///   - attempt: from 0; above 0 the round is repeated.
    public func random(round: Int, attempt: Int) -> RandomStream {
        RandomStream(seed: seed, .selection, round: round, salt: attempt)
    }
}
