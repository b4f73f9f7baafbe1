/// One round of `round_log.json`, as far as the log tells: logs of other versions lack some of it.
public struct LoggedRound: Decodable, Sendable, Equatable {
    public var round: Int
    public var cohort: Int?
    public var participants: Int?
    public var partial: Int?
    public var rejected: Int?
    public var late: Int?
    public var dropped: Int?
    public var attempts: Int?
    public var samples: Int?
    public var trainLoss: Double?
    public var serverLoss: Double?
    /// In [0, 1].
    public var serverAccuracy: Double?
    /// What clients found on what they hold out; nil when they did not evaluate.
    public var clients: LoggedClients?
    public var uploadBytes: Int?
    public var totalUploadBytes: Int?
    public var downloadBytes: Int?
    public var totalDownloadBytes: Int?
    public var seconds: Double?
    public var simulatedSeconds: Double?
    /// Staleness of the updates in an asynchronous run.
    public var stalenessMean: Double?
    public var stalenessMax: Int?

    private enum CodingKeys: String, CodingKey {
        case round, cohort, participants, partial, rejected, late, dropped, attempts, samples, seconds
        case trainLoss = "train_loss"
        case serverLoss = "server_loss"
        case serverAccuracy = "server_accuracy"
        case clients = "client_evaluation"
        case uploadBytes = "upload_bytes"
        case totalUploadBytes = "total_upload_bytes"
        case downloadBytes = "download_bytes"
        case totalDownloadBytes = "total_download_bytes"
        case simulatedSeconds = "simulated_seconds"
        case stalenessMean = "staleness_mean"
        case stalenessMax = "staleness_max"
    }

    /// On the test set, or in the mean over the clients' own models when only they can tell.
    public var accuracy: Double? { serverAccuracy ?? (clients?.personal ?? clients?.global)?.mean }

    public init(round: Int) {
        self.round = round
    }
}
