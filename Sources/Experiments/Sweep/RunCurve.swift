import Analysis
import Records

/// The course of a finished run, reduced to what a sweep's table and figure show.
///
/// The group's leader collects it while the run is under way and sends it to rank 0 in its report; for a run that was
/// finished by an earlier job, ``SweepPlan`` reads it from the run's folder. A round is at most some hundred bytes, so
/// that rank 0 can keep the curves of all runs.
package struct RunCurve: Codable, Equatable {
    /// One round's figures.
    package struct Round: Codable, Equatable {
        /// The round's number, from 1. In an asynchronous run a round is what leads to one step of the server.
        package let round: Int
        /// Accuracy in [0, 1] on the test set, or the mean over the clients where only they can evaluate; nil in a
        /// round without evaluation.
        package let accuracy: Double?
        /// Bytes of all updates from the run's start to the end of this round.
        package let uploadBytes: Int
        /// Wall-clock seconds of this round alone, from the start of the broadcast to the new weights.
        package let seconds: Double
        /// Seconds of this round on the simulated devices; nil when no time is simulated.
        package let simulatedSeconds: Double?
        /// The clients' accuracy on the samples they hold out; nil when they did not evaluate in this round.
        package var clients: Clients?
    }

    /// Accuracy in [0, 1] on the clients' held-out samples. `worst` is the mean over the tenth of the clients with the
    /// lowest accuracy: a mean over all hides those whom the model serves badly.
    package struct Clients: Codable, Equatable {
        /// Mean over the clients, with the global model.
        package var mean: Double?
        /// Mean over the worst tenth, with the global model.
        package var worst: Double?
        /// Mean over the clients, each with its own model; nil when the strategy keeps none.
        var ownMean: Double?
        /// Mean over the worst tenth, each with its own model.
        var ownWorst: Double?
    }

    /// The rounds in ascending order; those before a resumption are included.
    package let rounds: [Round]

    /// Makes a curve of rounds that are in ascending order.
    init(_ rounds: [Round]) {
        self.rounds = rounds
    }

    /// Makes the curve of a run that an earlier job finished, from its `round_log.json`. Bytes and seconds that an
    /// older log lacks count as 0.
    init(_ log: RoundLog) {
        self.init(log.rounds.map(Round.init))
    }

    /// Accuracy in [0, 1] after the last round that was evaluated; nil when none was.
    package var finalAccuracy: Double? { rounds.last { $0.accuracy != nil }?.accuracy }
    /// The highest accuracy of any round, in [0, 1]; nil when none was evaluated. It is chosen on the test set, and so
    /// is optimistic.
    package var bestAccuracy: Double? { rounds.compactMap(\.accuracy).max() }

    /// The first evaluated round with at least this accuracy.
    ///
    /// Rounds between two evaluations are not considered, so that the answer is late by up to the evaluation interval.
    ///
    /// - Parameter accuracy: the target in [0, 1].
    /// - Returns: nil when no evaluated round reaches it.
    package func reaching(_ accuracy: Double) -> Round? {
        rounds.first { $0.accuracy.map { $0 >= accuracy } ?? false }
    }

    /// The clients' accuracy in the last round in which they evaluated; nil when they never did.
    package var clients: Clients? { rounds.last { $0.clients != nil }?.clients }

    /// Simulated seconds from the start to the end of a round.
    ///
    /// - Parameter round: one of ``rounds``.
    /// - Returns: nil when no time was simulated.
    package func simulatedSeconds(until round: Round) -> Double? {
        guard simulatedSeconds != nil else { return nil }
        return rounds.prefix { $0.round <= round.round }.reduce(0) { $0 + ($1.simulatedSeconds ?? 0) }
    }

    /// Wall-clock seconds of all rounds, without evaluations, which run beside the next round.
    package var seconds: Double { rounds.reduce(0) { $0 + $1.seconds } }

    /// Simulated seconds of all rounds; nil when no time was simulated.
    package var simulatedSeconds: Double? {
        let seconds = rounds.compactMap(\.simulatedSeconds)
        return seconds.isEmpty ? nil : seconds.reduce(0, +)
    }
}

extension RunCurve.Round {
    /// Reduces a round's record to what the curve keeps.
    init(_ record: RoundRecord) {
        self.init(
            round: record.round, accuracy: record.accuracy, uploadBytes: record.totalUploadBytes,
            seconds: record.seconds, simulatedSeconds: record.simulatedSeconds,
            clients: record.clients.map {
                RunCurve.Clients(
                    mean: $0.global?.mean, worst: $0.global?.worst10, ownMean: $0.personal?.mean,
                    ownWorst: $0.personal?.worst10)
            })
    }
}
