public import FedCore

/// Selection in turn: the clients that were asked least often, whether or not they answered; of equals, in an
/// order drawn at random in each round. So after any number of rounds that were not repeated, no two clients
/// differ by more than one turn.
///
/// A round that is repeated asks those that are next in line; its turns are those of the last attempt.
public struct RoundRobin: SelectionRule {
    public static let name = "round-robin"
    public static let summary = "the clients that were asked least often"

    /// Number of rounds in which each client was asked; 0 when it is not there.
    private var turns: [Int: Int] = [:]

    public init() {}

    /// Chooses the cohort. O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        // One order for all attempts, so that each goes on where the one before has ended.
        var random = federation.random(round: round, attempt: 0)
        let line = Ranking.descending(clients, &random) { -Double(turns[$0] ?? 0) }
        return (0..<size).map { line[(attempt * size + $0) % clients.count] }.sorted()
    }

    public mutating func learn(_ feedback: RoundFeedback) {
        for outcome in feedback.outcomes { turns[outcome.client, default: 0] += 1 }
    }

    public var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(turns) { turns, writer in writer.write(turns) }
        return writer.bytes
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: "selection '\(Self.name)'")
        let turns = try reader.table { (reader) throws(ConfigurationError) in
            try reader.integer(in: 1...Int(UInt32.max))
        }
        try reader.finish()
        self.turns = turns
    }
}
