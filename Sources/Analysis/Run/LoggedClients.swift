import Files
import Foundation

/// What the clients found on their own held-out samples, as a round's log tells it.
public struct LoggedClients: Decodable, Sendable, Equatable {
    /// Over clients, in [0, 1].
    public struct Spread: Decodable, Sendable, Equatable {
        public var mean: Double
        public var median: Double?
        public var worst10: Double
        public var best10: Double
        public var deviation: Double?
        public var jain: Double?
        public var loss: Double?
    }

    public var clients: Int?
    public var missing: Int?
    public var samples: Int?
    /// With the global model.
    public var global: Spread?
    /// With each client's own model.
    public var personal: Spread?
}

/// `client_accuracy.json`: each client's accuracy after the last evaluated round.
public struct RecordedAccuracies: Decodable, Sendable, Equatable {
    public struct Client: Decodable, Sendable, Equatable {
        public var client: Int
        public var samples: Int
        public var globalAccuracy: Double?
        public var personalAccuracy: Double?

        private enum CodingKeys: String, CodingKey {
            case client, samples
            case globalAccuracy = "global_accuracy"
            case personalAccuracy = "personal_accuracy"
        }
    }

    public static let fileName = "client_accuracy.json"

    public var round: Int
    public var clients: [Client]
    public var globalConfusion: [[Int]]?
    public var personalConfusion: [[Int]]?

    private enum CodingKeys: String, CodingKey {
        case round, clients
        case globalConfusion = "global_confusion"
        case personalConfusion = "personal_confusion"
    }

    /// Nil when the run has none that can be read.
    init?(in folder: URL) {
        guard let data = try? ReceivedFile.data(folder.appendingPathComponent(Self.fileName)),
            let read = try? JSONDecoder().decode(Self.self, from: data), !read.clients.isEmpty
        else { return nil }
        self = read
    }

    /// With the clients' own models, if there are such: a square, or nil.
    var confusion: [[Int]]? {
        guard let rows = personalConfusion ?? globalConfusion, !rows.isEmpty,
            rows.allSatisfy({ $0.count == rows.count })
        else { return nil }
        return rows
    }
}
