/// One client's training in one round, as stages and step hooks see it. The same on whichever rank the client is trained.
public struct ClientTurn: Sendable, Equatable {
    /// From 0. The server's own client, of rules that trust one, has the number behind the last client's.
    public var client: Int
    /// From 1.
    public var round: Int
    /// From 0; counts how often the round was repeated for want of updates.
    public var attempt: Int
    /// Samples that the client trains on.
    public var samples: Int
    /// The run's seed.
    public var seed: UInt64

    /// A turn of a client.
    public init(client: Int, round: Int, attempt: Int = 0, samples: Int, seed: UInt64) {
        self.client = client
        self.round = round
        self.attempt = attempt
        self.samples = samples
        self.seed = seed
    }

    /// The random stream of this turn for a purpose: the same numbers wherever the client is trained, others in a repeated
    /// round.
    public func stream(_ purpose: RandomStream.Purpose) -> RandomStream {
        RandomStream(seed: seed, purpose, round: round, client: client, salt: attempt)
    }
}

/// A step of local training, as step hooks see it.
public struct TrainingStep: Sendable, Equatable {
    public var turn: ClientTurn
    /// Steps that the client has done before in this turn.
    public var number: Int
    /// Whether it is the client's own model that is trained, not the global one.
    public var isOfOwnModel: Bool

    /// A step of a turn.
    public init(_ turn: ClientTurn, number: Int, isOfOwnModel: Bool = false) {
        self.turn = turn
        self.number = number
        self.isOfOwnModel = isOfOwnModel
    }
}
