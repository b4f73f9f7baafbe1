import FedCore

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
    /// What else was measured, by the metrics' names.
    public var metrics: [String: Double] = [:]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case round, cohort, participants, partial, rejected, late, dropped, attempts, samples, seconds
        case trainLoss = "train_loss"
        case serverLoss = "server_loss"
        case serverAccuracy = "server_accuracy"
        case clients = "client_evaluation"
        case uploadBytes = "upload_bytes"
        case totalUploadBytes = "total_upload_bytes"
        case downloadBytes = "download_bytes"
        case totalDownloadBytes = "total_download_bytes"
    }

    /// On the test set, or in the mean over the clients' own models when only they can tell.
    public var accuracy: Double? { serverAccuracy ?? (clients?.personal ?? clients?.global)?.mean }

    public var simulatedSeconds: Double? { metrics[Metric.simulatedSeconds.name] }

    public init(round: Int) {
        self.round = round
    }

    /// A round of a log, with all that was measured in it.
    struct Entry: Decodable {
        let round: LoggedRound

        init(from decoder: any Decoder) throws {
            var round = try LoggedRound(from: decoder)
            round.metrics = try Numbers(from: decoder).values
            self.round = round
        }
    }

    /// The numbers of a round that are no fields of its own.
    private struct Numbers: Decodable {
        var values: [String: Double] = [:]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let known = Set(CodingKeys.allCases.map(\.rawValue) + ["samples_per_second"])
            let fields = try decoder.container(keyedBy: Key.self)
            for key in fields.allKeys where !known.contains(key.stringValue) {
                values[key.stringValue] = try? fields.decodeIfPresent(Double.self, forKey: key)
            }
        }
    }
}
