import FedCore

/// The server's side of one secured sum. It hands on what it cannot read, adds up masked vectors, and takes off the masks of the
/// sum, never those of a vector.
///
/// Each phase takes the clients' messages in any order and is ended by the server's decision (a deadline, or all have answered); whoever has
/// not answered by then has dropped out. The sum is that of all who sent a masked vector.
///
/// ```swift
/// var server = SecureServer(round: round)
/// try server.receive(advertisement: bytes)              // from each
/// for client in try server.endAdvertising() { send(server.keyList(for: client)) }
/// try server.receive(keyShares: bytes)
/// for client in try server.endSharing() { send(server.shareInbox(for: client)) }
/// try server.receive(maskedInput: bytes.span)
/// for client in try server.endInput() { send(server.unmaskRequest(for: client)) }
/// try server.receive(unmaskAnswer: bytes)
/// let sum = try server.sum()
/// ```
///
/// A refused message changes nothing. A refused end of a phase leaves the server in it: more messages may still come.
public struct SecureServer: Sendable {
    /// How far the server is.
    enum Phase: Sendable {
        case advertising, sharing, input, unmasking, done
    }

    /// What the server knows of a client.
    struct Record: Sendable {
        /// The client's keys; nil where it has not advertised any, or had too few neighbours.
        var keys: [UInt8]?
        /// What its seed is recognised by; nil where it has sent no shares.
        var commitment: [UInt8]?
        /// The sealed shares for it: entries of its inbox.
        var inbox: [(client: Int, content: [UInt8])] = []
        /// Whether its vector is in the sum.
        var hasSentInput = false
        /// Whether it has sent shares of others' secrets.
        var hasAnswered = false
        /// Shares of the one secret of it that is asked for, at most as many as the threshold.
        var shares: [UInt8] = []
        /// The shares' points.
        var points: [UInt64] = []
    }

    /// The sum that is made.
    public let round: SecureRound

    var phase = Phase.advertising
    var records: [Record]
    /// The sum of the masked vectors in rings of more than 32 bits; else empty.
    var wide: [Int64]
    /// The sum of the masked vectors in rings of 32 bits or fewer; else empty.
    var narrow: [UInt32]

    /// Makes a server that waits for keys. 8 bytes are allocated for each element, 4 in a narrow ring.
    public init(round: SecureRound) {
        self.round = round
        records = Array(repeating: Record(), count: round.clients)
        wide = Array(repeating: 0, count: round.ring.isNarrow ? 0 : round.vectorLength)
        narrow = Array(repeating: 0, count: round.ring.isNarrow ? round.vectorLength : 0)
    }

    /// The clients with a property, ascending.
    func clients(where holds: (Record) -> Bool) -> [Int] { records.indices.filter { holds(records[$0]) } }

    /// Those of some clients that have enough neighbours among them. Where one is taken out, others may be left with too few, so
    /// that this is repeated until nobody is. O(n · k) for each repetition.
    func connected(_ members: [Int]) -> [Int] {
        let needed = round.parameters.neededNeighbours
        var rest = members
        while true {
            var isMember = [Bool](repeating: false, count: round.clients)
            for client in rest { isMember[client] = true }
            let next = rest.filter { client in neighbours(of: client, among: isMember, all: rest.count) >= needed }
            if next.count == rest.count { return rest }
            rest = next
        }
    }

    /// The number of a client's neighbours among some clients.
    func neighbours(of client: Int, among isMember: [Bool], all: Int) -> Int {
        guard !round.parameters.isComplete else { return all - (isMember[client] ? 1 : 0) }
        return round.graph.neighbours(of: client).count { isMember[$0] }
    }
}
