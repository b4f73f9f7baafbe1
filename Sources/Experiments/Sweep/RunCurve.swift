import Analysis
import Records

/// What a sweep's table and figure need of a finished run.
package struct RunCurve: Codable, Equatable {
    /// A round.
    package struct Round: Codable, Equatable {
        package let round: Int
        /// In [0, 1], on the test set, or in the mean over the clients where only they can tell; nil: not evaluated.
        package let accuracy: Double?
        /// Bytes of all updates so far.
        package let uploadBytes: Int
        package let seconds: Double
        package let simulatedSeconds: Double?
        /// What the clients found on what they hold out.
        package var clients: Clients?
    }

    /// In [0, 1]: the mean over the clients, and over the tenth of them that is served worst.
    package struct Clients: Codable, Equatable {
        /// With the global model.
        package var mean: Double?
        package var worst: Double?
        /// With their own models.
        var ownMean: Double?
        var ownWorst: Double?
    }

    package let rounds: [Round]

    init(_ rounds: [Round]) {
        self.rounds = rounds
    }

    /// The curve of a run that had finished before.
    init(_ log: RoundLog) {
        self.init(log.rounds.map(Round.init))
    }

    /// Accuracy in the last round that was evaluated.
    package var finalAccuracy: Double? { rounds.last { $0.accuracy != nil }?.accuracy }
    package var bestAccuracy: Double? { rounds.compactMap(\.accuracy).max() }

    /// The first round that was seen to have an accuracy.
    package func reaching(_ accuracy: Double) -> Round? {
        rounds.first { $0.accuracy.map { $0 >= accuracy } ?? false }
    }

    /// What clients found in the last round that they evaluated.
    package var clients: Clients? { rounds.last { $0.clients != nil }?.clients }

    /// Simulated seconds until then; nil when no time was simulated.
    package func simulatedSeconds(until round: Round) -> Double? {
        guard simulatedSeconds != nil else { return nil }
        return rounds.prefix { $0.round <= round.round }.reduce(0) { $0 + ($1.simulatedSeconds ?? 0) }
    }

    /// Seconds of all rounds.
    package var seconds: Double { rounds.reduce(0) { $0 + $1.seconds } }

    /// Simulated seconds of all rounds; nil when no time was simulated.
    package var simulatedSeconds: Double? {
        let seconds = rounds.compactMap(\.simulatedSeconds)
        return seconds.isEmpty ? nil : seconds.reduce(0, +)
    }
}

extension RunCurve.Round {
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
