/// One finished round.
public struct RoundRecord: Codable, Sendable, Equatable {
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
    /// Exchanges that this round took: more than one when it was repeated for want of updates. The counts of clients are
    /// of the last one, bytes and times of all.
    public var attempts: Int
    /// Samples that the participants hold.
    public var samples: Int
    /// Mean of the clients' losses, weighted by samples; nil without participants.
    public var trainLoss: Double?
    /// On the test set, with the round's new weights; nil when this round was not evaluated.
    public var serverLoss: Double?
    public var serverAccuracy: Double?
    /// Accuracy on each class of the test set; nil for a class without samples, or as above.
    public var serverClassAccuracies: [Double?]?
    /// Share of the test samples of other classes that, with the trigger of an attack on them, are taken for its class; nil
    /// when no attack plants a trigger, or as above.
    public var attackSuccess: Double?
    /// What the clients found on what they hold out, with the round's new weights; nil when this was not asked.
    public var clients: ClientEvaluation?
    /// Bytes of the cohort's updates, envelopes included, in this round and in all rounds so far.
    public var uploadBytes: Int
    public var totalUploadBytes: Int
    /// Bytes of the frames that the cohort received, in this round and in all rounds so far: a frame for each client,
    /// though clients that share a rank in simulation receive it once.
    public var downloadBytes: Int
    public var totalDownloadBytes: Int
    /// From the start of the broadcast to the new weights; the evaluation runs beside the next round.
    public var seconds: Double
    /// Samples trained per second of the round, each counted as often as it was trained on.
    public var samplesPerSecond: Double
    /// Simulated: how long the round would have taken, from its start until the last client it waited for; nil when no
    /// time is simulated.
    public var simulatedSeconds: Double?
    /// Versions between the weights an update was trained from and those it moved, over the participants; nil in a run that
    /// is not asynchronous, and without participants.
    public var stalenessMean: Double?
    public var stalenessMax: Int?

    private enum CodingKeys: String, CodingKey {
        case round, cohort, participants, partial, rejected, late, dropped, attempts, samples, seconds
        case trainLoss = "train_loss"
        case serverLoss = "server_loss"
        case serverAccuracy = "server_accuracy"
        case serverClassAccuracies = "server_class_accuracy"
        case attackSuccess = "attack_success"
        case clients = "client_evaluation"
        case uploadBytes = "upload_bytes"
        case totalUploadBytes = "total_upload_bytes"
        case downloadBytes = "download_bytes"
        case totalDownloadBytes = "total_download_bytes"
        case samplesPerSecond = "samples_per_second"
        case simulatedSeconds = "simulated_seconds"
        case stalenessMean = "staleness_mean"
        case stalenessMax = "staleness_max"
    }
}

extension RoundRecord {
    /// How good the round's weights are: on the test set, or in the mean over the clients when only they can tell.
    public var accuracy: Double? { serverAccuracy ?? clients?.meanAccuracy }

    /// The record of a round that has yet to happen.
    public init(round: Int) {
        self.init(
            round: round, cohort: 0, participants: 0, partial: 0, rejected: 0, late: 0, dropped: 0, attempts: 0,
            samples: 0, trainLoss: nil, serverLoss: nil, serverAccuracy: nil, serverClassAccuracies: nil,
            attackSuccess: nil, clients: nil,
            uploadBytes: 0, totalUploadBytes: 0,
            downloadBytes: 0, totalDownloadBytes: 0, seconds: 0, samplesPerSecond: 0, simulatedSeconds: nil)
    }
}
