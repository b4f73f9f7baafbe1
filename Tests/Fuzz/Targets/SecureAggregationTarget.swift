import Cryptography
import FedCore
import SecureAggregation

/// The seven messages of a secured sum, each as its receiver takes it: four by the server, three by a client. With the
/// checksum mended, to reach what it guards.
struct SecureAggregationTarget: FuzzTarget {
    private static let (clients, length) = (5, 6)
    private static let checksumField = 32..<36

    let mendsChecksum: Bool
    let seeds: [[UInt8]]
    /// Which message each seed is.
    private let kinds: [SecureMessageKind]

    private let round: SecureRound
    private let vectors: [[Int64]]
    /// The server before the messages of a phase.
    private let servers: [SecureMessageKind: SecureServer]

    var name: String { mendsChecksum ? "secure-message-mended" : "secure-message" }

    /// Kind, client, entries, and the words of the first entry.
    let fields = [4, 24, 28, 32, 36, 40, 44, 48, 72, 140].map { Field(offset: $0, width: 4) }

    init(mendsChecksum: Bool) throws {
        self.mendsChecksum = mendsChecksum
        let parameters = try SharingParameters(clients: Self.clients, corrupt: 0, dropout: 0.3)
        let round = try SecureRound(
            run: [1, 2, 3], round: 1, attempt: 1, parameters: parameters, vectorLength: Self.length, randomness: [4])
        self.round = round
        var random = RandomStream(seed: 1, .initialization)
        vectors = (0..<Self.clients).map { _ in (0..<Self.length).map { _ in Int64(bitPattern: random.next()) } }
        var server = SecureServer(round: round)
        var servers: [SecureMessageKind: SecureServer] = [.advertisement: server]
        var seeds: [(SecureMessageKind, [UInt8])] = []
        let clients = (0..<Self.clients).map { Participant(round, $0) }
        for participant in clients {
            let keys = participant.client.advertisement()
            seeds.append((.advertisement, keys))
            try server.receive(advertisement: keys)
        }
        let lists = try server.endAdvertising().map { server.keyList(for: $0) }
        servers[.keyShares] = server
        for (participant, list) in zip(clients, lists) {
            let shares = try participant.client.keyShares(answering: list)
            seeds += [(.keyList, list), (.keyShares, shares)]
            try server.receive(keyShares: shares)
        }
        let inboxes = try server.endSharing().map { server.shareInbox(for: $0) }
        servers[.maskedInput] = server
        // The last client drops out, so that both kinds of secrets are asked for.
        for (participant, inbox) in zip(clients.dropLast(), inboxes) {
            let input = try participant.client.maskedInput(vectors[participant.client.client], inbox: inbox)
            seeds += [(.shareInbox, inbox), (.maskedInput, input)]
            try server.receive(maskedInput: input.span)
        }
        let requests = try server.endInput().map { server.unmaskRequest(for: $0) }
        servers[.unmaskAnswer] = server
        for (participant, request) in zip(clients, requests) {
            seeds += [(.unmaskRequest, request), (.unmaskAnswer, try participant.client.unmaskAnswer(to: request))]
        }
        self.servers = servers
        self.seeds = seeds.map(\.1)
        kinds = seeds.map(\.0)
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksum, input.count >= 40 else { return }
        for i in Self.checksumField { input[i] = 0 }
        let checksum = CRC32C.of(input.span.bytes)
        for i in Self.checksumField { input[i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * (i - 32))) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        // Whatever is answered, the sum is right or there is none.
        var isRight = true
        do throws(SecureAggregationError) {
            switch kinds[seed] {
            case .advertisement, .keyShares, .maskedInput: try serve(input, kinds[seed])
            case .unmaskAnswer:
                let sum = try sum(input)
                isRight = sum.survivors == [0, 1, 2, 3] && sum.elements == plainSum(sum.survivors)
            case .keyList, .shareInbox, .unmaskRequest: try answer(input, kinds[seed], client: client(of: seed))
            }
        } catch {
            return .refused
        }
        try Violation.require(isRight, "shares of an answer made a wrong sum")
        if input == seeds[seed] { return .equal }
        try Violation.require(mendsChecksum || seeds.contains(input), "a damaged message was accepted")
        return .different
    }

    /// Gives a message to the server.
    private func serve(_ input: [UInt8], _ kind: SecureMessageKind) throws(SecureAggregationError) {
        guard var server = servers[kind] else { return }
        switch kind {
        case .advertisement: try server.receive(advertisement: input)
        case .keyShares: try server.receive(keyShares: input)
        default: try server.receive(maskedInput: input.span)
        }
    }

    /// The sum with an answer in the place of its client's.
    private func sum(_ input: [UInt8]) throws(SecureAggregationError) -> SecureSum {
        guard var server = servers[.unmaskAnswer] else { throw .outOfTurn }
        let client = try server.receive(unmaskAnswer: input)
        for (other, kind) in kinds.enumerated() where kind == .unmaskAnswer && self.client(of: other) != client {
            try server.receive(unmaskAnswer: seeds[other])
        }
        return try server.sum()
    }

    /// Gives a message to its client, which has come as far as that takes.
    private func answer(_ input: [UInt8], _ kind: SecureMessageKind, client: Int) throws(SecureAggregationError) {
        let participant = Participant(round, client)
        func message(_ kind: SecureMessageKind) -> [UInt8] {
            seeds.indices.first { kinds[$0] == kind && self.client(of: $0) == client }.map { seeds[$0] } ?? []
        }
        guard kind != .keyList else {
            _ = try participant.client.keyShares(answering: input)
            return
        }
        _ = try participant.client.keyShares(answering: message(.keyList))
        let inbox = kind == .shareInbox ? input : message(.shareInbox)
        _ = try participant.client.maskedInput(vectors[client], inbox: inbox)
        if kind == .unmaskRequest { _ = try participant.client.unmaskAnswer(to: input) }
    }

    /// The client that a seed is from or for.
    private func client(of seed: Int) -> Int { Int(seeds[seed][24]) }

    private func plainSum(_ survivors: [Int]) -> [Int64] {
        (0..<Self.length).map { i in survivors.reduce(0) { $0 &+ vectors[$1][i] } }
    }
}

/// A client that arrays can hold.
private final class Participant {
    var client: SecureClient

    init(_ round: SecureRound, _ number: Int) {
        let master = SecretBytes(copying: [UInt8](repeating: 5, count: 32))
        client = SecureClient(
            round: round, client: number, secret: SecureClient.secret(master: master, round: round, client: number))
    }
}
