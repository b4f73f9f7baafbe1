/// Results of a round, for the rule that selected its cohort.
///
/// A round's new weights are evaluated while the next round trains, so a feedback has the loss that its round
/// started from; by how much the round lowered it is known with the next feedback.
public struct RoundFeedback: Sendable, Equatable {
    /// Result of one client of the cohort.
    public struct Outcome: Sendable, Equatable {
        /// Number of the client, ≥ 0.
        public let client: Int
        /// Whether its update counted: false for a client that dropped out, was late, or sent an update that
        /// was refused.
        public let participated: Bool
        /// Mean training loss over the samples of its last pass; nil when it is not known, or NaN or infinite.
        public let loss: Double?
        /// Number of samples that it trained on, ≥ 0.
        public let samples: Int
        /// Simulated seconds from the round's start until its update was at the server; nil when no time is
        /// simulated, or when it is not a finite number ≥ 0.
        public let seconds: Double?
        /// Energy that it spent in the round, in joules, for a rule that spares batteries; nil when it does not
        /// report it, or when it is not a finite number ≥ 0.
        public let joules: Double?

        /// Creates the result of a client that was asked. Loss, seconds and joules out of range become nil, so
        /// that no rule has to check what clients claim.
        public init(
            client: Int, participated: Bool, loss: Double? = nil, samples: Int = 0, seconds: Double? = nil,
            joules: Double? = nil
        ) {
            precondition(client >= 0 && samples >= 0, "client \(client) with \(samples) samples")
            self.client = client
            self.participated = participated
            self.loss = loss.flatMap { $0.isFinite ? $0 : nil }
            self.samples = samples
            self.seconds = seconds.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
            self.joules = joules.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
    }

    /// Number of the round, from 1.
    public let round: Int
    /// Results of the cohort, ascending by client.
    public let outcomes: [Outcome]
    /// Loss on the server's test data of the weights that the round started from; nil when they were not
    /// evaluated, or when it is NaN or infinite.
    public let startingLoss: Double?

    /// Creates the feedback of a round.
    ///
    /// - Parameters:
    ///   - round: number of the round, ≥ 1.
    ///   - outcomes: results of its cohort in any order; of the last attempt when the round was repeated.
    ///   - startingLoss: loss of the weights that it started from, if known.
    public init(round: Int, outcomes: [Outcome], startingLoss: Double? = nil) {
        precondition(round >= 1, "round \(round)")
        self.round = round
        self.outcomes = outcomes.sorted { $0.client < $1.client }
        self.startingLoss = startingLoss.flatMap { $0.isFinite ? $0 : nil }
    }
}
