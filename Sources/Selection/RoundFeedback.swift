/// What came of a round, for the rule that selected its cohort.
///
/// A round's new weights are evaluated while the next round trains, so a feedback tells the loss that its round started
/// from; by how much the round lowered it is known with the next feedback.
public struct RoundFeedback: Sendable, Equatable {
    /// What came of one client.
    public struct Outcome: Sendable, Equatable {
        /// The client's number, ≥ 0.
        public let client: Int
        /// Whether its update counted.
        public let participated: Bool
        /// Mean loss over the samples of its last pass; nil when it is not known, or is no finite number.
        public let loss: Double?
        /// Samples it trained on, ≥ 0.
        public let samples: Int
        /// Simulated, from the round's start until its update was at the server; nil when no time is simulated, or it
        /// is no finite number ≥ 0.
        public let seconds: Double?
        /// Energy it spent in the round, in joules, for a rule that spares batteries; nil when it does not report it,
        /// or it is no finite number ≥ 0.
        public let joules: Double?

        /// What came of a client that was asked.
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

    /// From 1.
    public let round: Int
    /// Outcomes of the cohort, ascending by client.
    public let outcomes: [Outcome]
    /// The server's loss of the weights that the round started from; nil when they were not evaluated, or it is no
    /// finite number.
    public let startingLoss: Double?

    /// What came of a round's cohort, in any order; when the round was repeated, of its last.
    public init(round: Int, outcomes: [Outcome], startingLoss: Double? = nil) {
        precondition(round >= 1, "round \(round)")
        self.round = round
        self.outcomes = outcomes.sorted { $0.client < $1.client }
        self.startingLoss = startingLoss.flatMap { $0.isFinite ? $0 : nil }
    }
}
