/// What the clients found on their own held-out samples, after a round: a part of its record.
public struct ClientEvaluation: Codable, Sendable, Equatable {
    /// The clients that have held-out samples and answered.
    public var clients: Int
    /// The clients that have held-out samples and did not answer.
    public var missing: Int
    /// The held-out samples of those who answered.
    public var samples: Int
    /// With the global model; nil when the strategy leaves part of it to the clients.
    public var global: AccuracySpread?
    /// With each client's own model; nil when clients have none.
    public var personal: AccuracySpread?
    /// The accuracy on each class, over the samples of all clients, with the client's own model if there is
    /// one; nil for a class that no client has held out.
    public var classAccuracies: [Double?]

    package init(
        clients: Int, missing: Int, samples: Int, global: AccuracySpread?, personal: AccuracySpread?,
        classAccuracies: [Double?]
    ) {
        self.clients = clients
        self.missing = missing
        self.samples = samples
        self.global = global
        self.personal = personal
        self.classAccuracies = classAccuracies
    }

    private enum CodingKeys: String, CodingKey {
        case clients, missing, samples, global, personal
        case classAccuracies = "class_accuracy"
    }

    /// What an earlier version did not write is 0, nil or empty.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func count(_ key: CodingKeys) throws -> Int { try fields.decodeIfPresent(Int.self, forKey: key) ?? 0 }
        (clients, missing, samples) = (try count(.clients), try count(.missing), try count(.samples))
        global = try fields.decodeIfPresent(AccuracySpread.self, forKey: .global)
        personal = try fields.decodeIfPresent(AccuracySpread.self, forKey: .personal)
        classAccuracies = try fields.decodeIfPresent([Double?].self, forKey: .classAccuracies) ?? []
    }

    /// The mean over clients that says how good the run is: with their own models, if they have some.
    public var meanAccuracy: Double? { (personal ?? global)?.mean }
}

/// The clients' evaluation in full, of one round: what `client_accuracy.json` holds.
public struct ClientAccuracies: Codable, Sendable, Equatable {
    /// One client's line of the table.
    public struct Client: Codable, Sendable, Equatable {
        /// The client's number, from 0.
        public var client: Int
        /// The samples that it has held out.
        public var samples: Int
        /// The accuracy of the global model on them, in [0, 1]; nil when the strategy leaves part of it to the
        /// clients.
        public var globalAccuracy: Double?
        /// The accuracy of the client's own model on them; nil when it has none.
        public var personalAccuracy: Double?

        package init(client: Int, samples: Int, globalAccuracy: Double?, personalAccuracy: Double?) {
            self.client = client
            self.samples = samples
            self.globalAccuracy = globalAccuracy
            self.personalAccuracy = personalAccuracy
        }

        private enum CodingKeys: String, CodingKey {
            case client, samples
            case globalAccuracy = "global_accuracy"
            case personalAccuracy = "personal_accuracy"
        }
    }

    /// The round whose new weights were evaluated.
    public var round: Int
    /// The clients that answered, in the order of their numbers.
    public var clients: [Client]
    /// The confusion over all clients, `[true class][predicted class]`, with the global model.
    public var globalConfusion: [[Int]]?
    /// The same with each client's own model.
    public var personalConfusion: [[Int]]?
    /// Names of the confusion's rows and columns; nil when classes are called as their labels are.
    public var classNames: [String]?

    package init(
        round: Int, clients: [Client], globalConfusion: [[Int]]?, personalConfusion: [[Int]]?,
        classNames: [String]? = nil
    ) {
        self.round = round
        self.clients = clients
        self.globalConfusion = globalConfusion
        self.personalConfusion = personalConfusion
        self.classNames = classNames
    }

    private enum CodingKeys: String, CodingKey {
        case round, clients
        case classNames = "class_names"
        case globalConfusion = "global_confusion"
        case personalConfusion = "personal_confusion"
    }
}
