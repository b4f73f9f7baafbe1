import FedCore

/// What is known when the last round is over.
public struct RunSummary: Sendable {
    /// The record of the last finished round.
    public let last: RoundRecord?
    /// From the start of the first round to the end of the last evaluation.
    public let seconds: Double
    /// Why the run ended before its last round; nil if it did not.
    public var earlyEnd: String?

    /// Finished rounds.
    public var rounds: Int { last?.round ?? 0 }
    public var finalAccuracy: Double? { last?.accuracy }
    public var finalLoss: Double? { last?.serverLoss }

    public init(last: RoundRecord?, seconds: Double, earlyEnd: String? = nil) {
        self.last = last
        self.seconds = seconds
        self.earlyEnd = earlyEnd
    }
}

/// Why a run ends early, and what it had reached.
public struct RunStop: Sendable {
    public enum Cause: Sendable, Equatable {
        case interruption(Interruption)
        /// An error on rank 0, in its own words.
        case failure(String)
    }

    public let cause: Cause
    /// After the last finished round.
    public let state: RunState

    /// The last finished round, if it was to be evaluated beside the next one: no observer has had it by `roundFinished`, and
    /// a run that is continued evaluates it.
    public var unevaluated: RoundRecord? { state.isEvaluated ? nil : state.last }

    public init(cause: Cause, state: RunState) {
        self.cause = cause
        self.state = state
    }
}
