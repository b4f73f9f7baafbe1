import Cryptography
import FedCore

@testable import SecureAggregation

/// When a client stops answering.
enum Departure: Int, CaseIterable {
    case beforeKeys, beforeShares, beforeInput, beforeUnmasking, never
}

/// A client that arrays can hold.
final class ClientBox {
    var client: SecureClient

    init(_ round: SecureRound, _ number: Int, master: [UInt8]) {
        let secret = SecureClient.secret(master: SecretBytes(copying: master), round: round, client: number)
        client = SecureClient(round: round, client: number, secret: secret)
    }
}

/// A whole round in memory: clients, a server, and all that the server received.
struct Rehearsal {
    static let master: [UInt8] = Array("a master secret of thirty-two by".utf8)

    let round: SecureRound
    var vectors: [[Int64]]
    var clients: [ClientBox] = []
    var server: SecureServer
    /// The masked inputs that reached the server, by client.
    var inputs: [Int: [UInt8]] = [:]
    /// Messages to the server other than masked inputs, and those to clients.
    var messages: [(kind: SecureMessageKind, bytes: [UInt8])] = []
    /// Called with each message on its way: what it returns is delivered.
    var tamper: (SecureMessageKind, Int, [UInt8]) -> [UInt8] = { _, _, bytes in bytes }

    init(_ round: SecureRound, vectors: [[Int64]], master: [UInt8] = Self.master) {
        self.round = round
        self.vectors = vectors
        server = SecureServer(round: round)
        clients = (0..<round.clients).map { ClientBox(round, $0, master: master) }
    }

    /// The private keys of the clients' signatures.
    var signer: (Int) -> SecretBytes = { Self.signer($0) }

    /// The private key of a client's signatures, unless a test has others.
    static func signer(_ client: Int) -> SecretBytes {
        HKDF.derive(32, from: SecretBytes(copying: master), info: [UInt8(client & 255), UInt8(client >> 8)])
    }

    static func identities(_ clients: Int) -> [[UInt8]] { (0..<clients).map { SigningKey(signer($0)).publicKey } }

    /// Runs all phases.
    /// - Parameter departures: when each client stops answering.
    /// - Throws: what the server refuses; what a client refuses makes it drop out, and is noted in `refusals`.
    mutating func run(_ departures: [Departure]) throws(SecureAggregationError) -> SecureSum {
        func stays(_ client: Int, _ departure: Departure) -> Bool { departures[client].rawValue > departure.rawValue }
        for client in clients.indices where stays(client, .beforeKeys) {
            try server.receive(advertisement: deliver(.advertisement, client, advertisement(of: client)))
        }
        for client in try server.endAdvertising() where stays(client, .beforeShares) {
            let list = deliver(.keyList, client, server.keyList(for: client))
            let shares = try clients[client].client.keyShares(answering: list)
            try server.receive(keyShares: deliver(.keyShares, client, shares))
        }
        for client in try server.endSharing() where stays(client, .beforeInput) {
            let inbox = deliver(.shareInbox, client, server.shareInbox(for: client))
            let input = deliver(.maskedInput, client, try maskedInput(of: client, inbox))
            inputs[client] = input
            try server.receive(maskedInput: input.span)
        }
        for client in try server.endInput() where stays(client, .beforeUnmasking) {
            let request = deliver(.unmaskRequest, client, server.unmaskRequest(for: client))
            let answer = try clients[client].client.unmaskAnswer(to: request)
            try server.receive(unmaskAnswer: deliver(.unmaskAnswer, client, answer))
        }
        return try server.sum()
    }

    func advertisement(of client: Int) -> [UInt8] {
        round.identities.isEmpty
            ? clients[client].client.advertisement()
            : clients[client].client.advertisement(signedBy: SigningKey(signer(client)))
    }

    func maskedInput(of client: Int, _ inbox: [UInt8]) throws(SecureAggregationError) -> [UInt8] {
        guard round.ring.isNarrow else {
            return try clients[client].client.maskedInput(vectors[client], inbox: inbox)
        }
        return try clients[client].client.maskedInput(
            vectors[client].map { UInt32(truncatingIfNeeded: $0) }, inbox: inbox)
    }

    private mutating func deliver(_ kind: SecureMessageKind, _ client: Int, _ bytes: [UInt8]) -> [UInt8] {
        let delivered = tamper(kind, client, bytes)
        messages.append((kind, delivered))
        return delivered
    }

    /// The plain sum with wrap-around.
    func plainSum(_ survivors: [Int]) -> [Int64] {
        survivors.reduce(into: [Int64](repeating: 0, count: round.vectorLength)) { sum, client in
            for i in sum.indices { sum[i] &+= vectors[client][i] }
        }
    }

    /// Vectors of random words, of all 64 bits or fewer.
    static func vectors(_ clients: Int, _ length: Int, bits: Int = 64, seed: UInt64 = 1) -> [[Int64]] {
        (0..<clients).map { client in
            var random = RandomStream(seed: seed, .synthesis, client: client)
            return (0..<length).map { _ in Int64(bitPattern: random.next()) >> Int64(64 - bits) }
        }
    }

    static func round(
        _ parameters: SharingParameters, length: Int = 16, ring: RingFormat = .exact, number: Int = 1, attempt: Int = 1
    ) throws -> SecureRound {
        let identities = parameters.adversary == .curiousServer ? [] : Self.identities(parameters.clients)
        return try SecureRound(
            run: Array("a run".utf8), round: number, attempt: attempt, parameters: parameters, vectorLength: length,
            ring: ring, randomness: [UInt8(number & 255), 7], identities: identities)
    }
}
