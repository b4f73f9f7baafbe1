import FedCore

/// What is known when the last round is over.
public struct RunSummary: Sendable {
    /// The record of the last finished round; nil when there was none.
    public let last: RoundRecord?
    /// The time from the start of the first round to the end of the last evaluation, in seconds, earlier jobs
    /// included.
    public let seconds: Double
    /// The reason why the run ended before its last round, in words; nil if it did not.
    public var earlyEnd: String?
    /// Whether that is because another round would pass `--epsilon`.
    public var isBudgetSpent = false

    /// ε of each client that has released something, where a promise of privacy is one to each client by itself.
    public var clientEpsilons: [ClientEpsilon] = []

    /// The number of finished rounds.
    public var rounds: Int { last?.round ?? 0 }
    /// The accuracy of the final weights, in [0, 1]; nil when the last round was not evaluated.
    public var finalAccuracy: Double? { last?.accuracy }
    /// The mean loss of the final weights on the test set; nil when only clients can test.
    public var finalLoss: Double? { last?.serverLoss }

    /// Sums up a run.
    public init(last: RoundRecord?, seconds: Double, earlyEnd: String? = nil, isBudgetSpent: Bool = false) {
        self.isBudgetSpent = isBudgetSpent
        self.last = last
        self.seconds = seconds
        self.earlyEnd = earlyEnd
    }
}

/// What one client has spent of differential privacy, over the rounds in which it took part: a line of `client_epsilon.json`.
public struct ClientEpsilon: Codable, Sendable, Equatable {
    /// Number of the client.
    public let client: Int
    /// ε at the run's δ.
    public let epsilon: Double

    /// Describes what a client has spent.
    public init(client: Int, epsilon: Double) {
        self.client = client
        self.epsilon = epsilon
    }
}

/// The reason why a run ends early by a signal or an error, and what it had reached.
public struct RunStop: Sendable {
    /// What stops a run.
    public enum Cause: Sendable, Equatable {
        /// A signal.
        case interruption(Interruption)
        /// An error on rank 0, in its own words.
        case failure(String)
    }

    /// What stopped it.
    public let cause: Cause
    /// The state after the last finished round.
    public let state: RunState

    /// The last finished round, if it was to be evaluated beside the next one.
    ///
    /// No observer has had it by `roundFinished`, and a run that is continued evaluates it.
    public var unevaluated: RoundRecord? { state.isEvaluated ? nil : state.last }

    /// Describes a stop.
    public init(cause: Cause, state: RunState) {
        self.cause = cause
        self.state = state
    }
}
