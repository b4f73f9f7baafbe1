/// One client's training in one round, as stages and step hooks see it: the coordinates of every random number that
/// they draw. It is the same on whichever rank the client is trained.
public struct ClientTurn: Sendable, Equatable {
    /// The client's number, from 0. The server's own client, of rules that trust one, has the number behind the last
    /// client's.
    public var client: Int
    /// The round's number, from 1.
    public var round: Int
    /// Number of times that the round has been repeated for want of updates, from 0.
    public var attempt: Int
    /// Samples that the client trains on.
    public var samples: Int
    /// The run's seed.
    public var seed: UInt64

    /// The L2 norm that the server has updates clipped to in this round; nil where it is a setting, or there is none.
    public var clip: Float?

    /// Describes a client's turn.
    public init(client: Int, round: Int, attempt: Int = 0, samples: Int, seed: UInt64, clip: Float? = nil) {
        self.clip = clip
        self.client = client
        self.round = round
        self.attempt = attempt
        self.samples = samples
        self.seed = seed
    }

    /// The random stream of this turn for a purpose: the same numbers on every rank, and others when the round is
    /// repeated.
    /// - Precondition: `attempt` < 2²⁴, because it is the stream's salt.
    public func stream(_ purpose: RandomStream.Purpose) -> RandomStream {
        RandomStream(seed: seed, purpose, round: round, client: client, salt: attempt)
    }
}

/// A step of local training, as step hooks see it.
public struct TrainingStep: Sendable, Equatable {
    /// The turn that the step belongs to.
    public var turn: ClientTurn
    /// Steps that the client has done before in this turn, on the same model: 0 for the first.
    public var number: Int
    /// Whether the client's own model is trained (``Personalization/model``), not the global one.
    public var isOfOwnModel: Bool

    /// Describes a step of a turn.
    public init(_ turn: ClientTurn, number: Int, isOfOwnModel: Bool = false) {
        self.turn = turn
        self.number = number
        self.isOfOwnModel = isOfOwnModel
    }
}
