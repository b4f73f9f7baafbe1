/// Something that went wrong in a run, and whom it cost.
public struct FaultRecord: Codable, Sendable, Equatable {
    public enum Kind: RawRepresentable, Codable, Sendable, Hashable, CaseIterable {
        /// A client rank is gone or does not answer; other ranks train the clients it still owed.
        case rankLost
        /// The same, and the clients it still owed are left out of the round.
        case rankDropped
        /// A rank that works under an edge is lost; the edge has others do its work.
        case rankLostBelow
        /// A lost rank was heard again and takes part from this round on.
        case rankReturned
        /// A rank has not answered for long, but its process lives: it is waited for.
        case rankSilent
        /// At the hard limit a rank had not delivered these clients; they are left out of the round.
        case clientsLate
        /// The updates of these clients were left out of the mean.
        case updatesRejected
        /// Too few updates came; the round is repeated with another cohort.
        case roundRepeated
        /// So few of the asked clients answered that the server added noise in their place; these did not.
        case noiseMissing
        /// A kind of another version, by its name in files.
        case other(String)

        /// Those that this version knows.
        public static let allCases: [Kind] = [
            .rankLost, .rankDropped, .rankLostBelow, .rankReturned, .rankSilent, .clientsLate, .updatesRejected,
            .roundRepeated, .noiseMissing,
        ]

        /// Its name in files.
        public var rawValue: String {
            switch self {
            case .rankLost: "rank_lost"
            case .rankDropped: "rank_dropped"
            case .rankLostBelow: "rank_lost_below"
            case .rankReturned: "rank_returned"
            case .rankSilent: "rank_silent"
            case .clientsLate: "clients_late"
            case .updatesRejected: "updates_rejected"
            case .roundRepeated: "round_repeated"
            case .noiseMissing: "noise_missing"
            case .other(let name): name
            }
        }

        public init(rawValue: String) {
            self = Self.allCases.first { $0.rawValue == rawValue } ?? .other(rawValue)
        }

        /// Its name as words.
        public var words: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }
    }

    /// The round in which it happened, from 1.
    public var round: Int
    public var kind: Kind
    /// The rank that it happened to, in the numbering of that job: a continued run may have another number of ranks.
    public var rank: Int?
    /// The clients whom it cost, by number.
    public var clients: [Int]
    /// The reason in words; nil where the kind says it all.
    public var reason: String?

    public init(round: Int, kind: Kind, rank: Int? = nil, clients: [Int] = [], reason: String? = nil) {
        self.round = round
        self.kind = kind
        self.rank = rank
        self.clients = clients
        self.reason = reason
    }
}

extension FaultRecord {
    /// - Throws: when it tells neither the round nor what happened.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        round = try fields.decode(Int.self, forKey: .round)
        kind = try fields.decode(Kind.self, forKey: .kind)
        rank = try fields.decodeIfPresent(Int.self, forKey: .rank)
        clients = try fields.decodeIfPresent([Int].self, forKey: .clients) ?? []
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
    }
}

extension [FaultRecord] {
    /// Appends a record, or adds its clients to the last one.
    ///
    /// Updates that one round rejects for one reason share a record, because a bad setting spoils every update
    /// of every round.
    public mutating func add(_ fault: FaultRecord) {
        if let last, last.kind == .updatesRejected, fault.kind == last.kind, last.round == fault.round,
            last.reason == fault.reason
        {
            self[count - 1].clients += fault.clients
        } else {
            append(fault)
        }
    }
}
