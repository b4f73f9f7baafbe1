public import FedCore

/// One finished round, as it stands in `round_log.json`.
///
/// The round loop fills it in, the server's parts add their metrics, and every observer gets it when it is complete.
public struct RoundRecord: Sendable, Equatable {
    /// The number of the round, from 1.
    public var round: Int
    /// Clients asked.
    public var cohort: Int
    /// Clients whose update entered the mean.
    public var participants: Int
    /// Participants whose update is what they had at the deadline.
    public var partial: Int
    /// Clients whose update was left out.
    public var rejected: Int
    /// Clients that had nothing at the deadline.
    public var late: Int
    /// Clients that did not answer, or were lost with their rank.
    public var dropped: Int
    /// The exchanges that this round took: more than one when it was repeated for want of updates.
    ///
    /// The counts of clients are of the last one, bytes and times of all.
    public var attempts: Int
    /// The samples that the participants hold.
    public var samples: Int
    /// The mean of the clients' losses, weighted by samples; nil without participants.
    public var trainLoss: Double?
    /// The mean loss on the test set, with the round's new weights; nil when this round was not evaluated.
    public var serverLoss: Double?
    /// The accuracy on the test set, in [0, 1]; nil as above.
    public var serverAccuracy: Double?
    /// The accuracy on each class of the test set; nil for a class without samples, or as above.
    public var serverClassAccuracies: [Double?]?
    /// What the clients found on what they hold out, with the round's new weights; nil when this was not asked.
    public var clients: ClientEvaluation?
    /// The bytes of the cohort's updates in this round, envelopes included.
    public var uploadBytes: Int
    /// The same in all rounds so far.
    public var totalUploadBytes: Int
    /// The bytes of the frames that the cohort received in this round: a frame for each client, though clients
    /// that share a rank in simulation receive it once.
    public var downloadBytes: Int
    /// The same in all rounds so far.
    public var totalDownloadBytes: Int
    /// The same for each client of the cohort, of all attempts; nil where all clients' are equally many, or a sum hides
    /// them.
    public var clientBytes: ClientBytes?
    /// With secure aggregation the clients that left, by the phase before which they did (`keys`, `shares`, `vector`, `unmasking`);
    /// nil when nobody did.
    public var leftClients: [String: [Int]]?
    /// The time from the start of the broadcast to the new weights, in seconds; the evaluation runs beside the
    /// next round.
    public var seconds: Double
    /// The samples trained per second of the round, each counted as often as it was trained on.
    public var samplesPerSecond: Double
    /// What the run's parts have measured in the round, by the names of their metrics: what
    /// ``RunDescription/metrics`` declares, as far as it has a value in this round.
    public var metrics: [String: Double] = [:]
}

extension RoundRecord {
    /// How good the round's weights are: on the test set, or in the mean over the clients when only they can tell.
    public var accuracy: Double? { serverAccuracy ?? clients?.meanAccuracy }

    /// What better weights have more of: the accuracy, of a regression R².
    public var quality: Double? { accuracy ?? self[.r2] }

    /// The value of a metric; nil when it has none in this round.
    public subscript(metric: Metric) -> Double? {
        get { metrics[metric.name] }
        set { metrics[metric.name] = newValue }
    }

    /// How long the round would have taken, where time is simulated: from its start until the last client it
    /// waited for.
    public var simulatedSeconds: Double? {
        get { self[.simulatedSeconds] }
        set { self[.simulatedSeconds] = newValue }
    }

    /// The record of a round that has yet to happen.
    public init(round: Int) {
        self.init(
            round: round, cohort: 0, participants: 0, partial: 0, rejected: 0, late: 0, dropped: 0, attempts: 0,
            samples: 0, trainLoss: nil, serverLoss: nil, serverAccuracy: nil, serverClassAccuracies: nil, clients: nil,
            uploadBytes: 0, totalUploadBytes: 0, downloadBytes: 0, totalDownloadBytes: 0, clientBytes: nil, seconds: 0,
            samplesPerSecond: 0)
    }
}
