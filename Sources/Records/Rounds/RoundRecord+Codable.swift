import FedCore

/// In files a metric stands beside the other fields, under its name.
extension RoundRecord: Codable {
    /// A field's name, or a metric's.
    private struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init(stringLiteral value: String) { stringValue = value }
        init?(intValue: Int) { nil }
    }

    /// Names that no metric can have.
    package static let fields: Set<String> = [
        "round", "cohort", "participants", "partial", "rejected", "late", "dropped", "attempts", "samples",
        "train_loss",
        "server_loss", "server_accuracy", "server_class_accuracy", "client_evaluation", "upload_bytes",
        "total_upload_bytes", "download_bytes", "total_download_bytes", "client_bytes", "left_clients",
        "seconds",
        "samples_per_second",
    ]

    /// A count that an earlier version did not write is 0.
    /// - Throws: when it is of no round, or a field is not what its name says.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        func count(_ key: Key) throws -> Int { try fields.decodeIfPresent(Int.self, forKey: key) ?? 0 }
        func number(_ key: Key) throws -> Double? { try fields.decodeIfPresent(Double.self, forKey: key) }
        self.init(round: try fields.decode(Int.self, forKey: "round"))
        (cohort, participants, partial) = (try count("cohort"), try count("participants"), try count("partial"))
        (rejected, late, dropped) = (try count("rejected"), try count("late"), try count("dropped"))
        (attempts, samples) = (try count("attempts"), try count("samples"))
        (trainLoss, serverLoss) = (try number("train_loss"), try number("server_loss"))
        serverAccuracy = try number("server_accuracy")
        serverClassAccuracies = try fields.decodeIfPresent([Double?].self, forKey: "server_class_accuracy")
        clients = try fields.decodeIfPresent(ClientEvaluation.self, forKey: "client_evaluation")
        (uploadBytes, totalUploadBytes) = (try count("upload_bytes"), try count("total_upload_bytes"))
        (downloadBytes, totalDownloadBytes) = (try count("download_bytes"), try count("total_download_bytes"))
        clientBytes = try fields.decodeIfPresent(ClientBytes.self, forKey: "client_bytes")
        leftClients = try fields.decodeIfPresent([String: [Int]].self, forKey: "left_clients")
        (seconds, samplesPerSecond) = (try number("seconds") ?? 0, try number("samples_per_second") ?? 0)
        for key in fields.allKeys where !Self.fields.contains(key.stringValue) {
            // What is no number is another version's, and no metric.
            metrics[key.stringValue] = try? number(key)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        let counts: KeyValuePairs<Key, Int> = [
            "round": round, "cohort": cohort, "participants": participants, "partial": partial, "rejected": rejected,
            "late": late, "dropped": dropped, "attempts": attempts, "samples": samples, "upload_bytes": uploadBytes,
            "total_upload_bytes": totalUploadBytes, "download_bytes": downloadBytes,
            "total_download_bytes": totalDownloadBytes,
        ]
        for (key, count) in counts { try fields.encode(count, forKey: key) }
        try fields.encodeIfPresent(trainLoss, forKey: "train_loss")
        try fields.encodeIfPresent(serverLoss, forKey: "server_loss")
        try fields.encodeIfPresent(serverAccuracy, forKey: "server_accuracy")
        try fields.encodeIfPresent(serverClassAccuracies, forKey: "server_class_accuracy")
        try fields.encodeIfPresent(clients, forKey: "client_evaluation")
        try fields.encodeIfPresent(clientBytes, forKey: "client_bytes")
        try fields.encodeIfPresent(leftClients, forKey: "left_clients")
        try fields.encode(seconds, forKey: "seconds")
        try fields.encode(samplesPerSecond, forKey: "samples_per_second")
        for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
            try fields.encode(value, forKey: Key(stringValue: name))
        }
    }
}
