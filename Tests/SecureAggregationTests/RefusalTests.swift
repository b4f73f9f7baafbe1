import Cryptography
import FedCore
import Testing

@testable import SecureAggregation

/// What clients and the server refuse.
@Suite struct RefusalTests {
    private func rehearsal(
        _ clients: Int = 6, number: Int = 1, attempt: Int = 1, adversary: SecureAdversary = .curiousServer
    ) throws -> Rehearsal {
        let parameters = try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33, adversary: adversary)
        return Rehearsal(
            try Rehearsal.round(parameters, number: number, attempt: attempt), vectors: Rehearsal.vectors(clients, 16))
    }

    /// A rehearsal up to the masked inputs, with client 5 gone before its own.
    private func masked() throws -> Rehearsal {
        var rehearsal = try rehearsal()
        var departures = Array(repeating: Departure.beforeUnmasking, count: 6)
        departures[5] = .beforeInput
        #expect(throws: SecureAggregationError.self) { try rehearsal.run(departures) }
        return rehearsal
    }

    /// A request as a server may make it.
    private func request(
        _ rehearsal: Rehearsal, to client: Int, dropped: Set<Int>, leavingOut left: Set<Int> = []
    ) -> [UInt8] {
        let entries = (0..<6).filter { !left.contains($0) }.map { owner in
            (client: owner, content: [UInt8(dropped.contains(owner) ? 2 : 1), 0, 0, 0])
        }
        return MessageList(client: client, entries: entries).bytes(.unmaskRequest, rehearsal.round)
    }

    @Test func `a server that asks for both secrets gets one`() throws {
        let rehearsal = try masked()
        let client = rehearsal.clients[0]
        let honest = request(rehearsal, to: 0, dropped: [5])
        #expect(honest == rehearsal.server.unmaskRequest(for: 0))
        let answer = try client.client.unmaskAnswer(to: honest)
        #expect(try client.client.unmaskAnswer(to: honest) == answer)
        // Now client 3 is said to have dropped out.
        #expect(throws: SecureAggregationError.bothSecrets) {
            try client.client.unmaskAnswer(to: request(rehearsal, to: 0, dropped: [3, 5]))
        }
    }

    @Test func `a client that is said to have dropped out reveals nothing`() throws {
        let rehearsal = try masked()
        #expect(throws: SecureAggregationError.deniedInput) {
            try rehearsal.clients[0].client.unmaskAnswer(to: request(rehearsal, to: 0, dropped: [0, 5]))
        }
    }

    @Test func `requests below the threshold, incomplete ones and such for others are refused`() throws {
        let rehearsal = try masked()
        func refusal(_ bytes: [UInt8], _ client: Int = 0) -> SecureAggregationError? {
            #expect(throws: SecureAggregationError.self) {
                try rehearsal.clients[client].client.unmaskAnswer(to: bytes)
            }
        }
        #expect(refusal(request(rehearsal, to: 0, dropped: [2, 3, 5])) == .belowThreshold(needed: 4, actual: 3))
        #expect(refusal(request(rehearsal, to: 0, dropped: [5], leavingOut: [4])) == .badList)
        #expect(refusal(request(rehearsal, to: 1, dropped: [5])) == .unexpectedClient(1))
        // Both secrets of a client in one request.
        let twice = [0, 1, 2, 3, 4, 4, 5].map { (client: $0, content: [UInt8(1), 0, 0, 0]) }
        #expect(refusal(MessageList(client: 0, entries: twice).bytes(.unmaskRequest, rehearsal.round)) == .badList)
        // None of these has used up the one answer.
        _ = try rehearsal.clients[0].client.unmaskAnswer(to: rehearsal.server.unmaskRequest(for: 0))
    }

    @Test func `messages out of turn are refused`() throws {
        let rehearsal = try rehearsal()
        let client = rehearsal.clients[0]
        let other = try masked()
        let inbox = try #require(other.messages.first { $0.kind == .shareInbox }).bytes
        #expect(throws: SecureAggregationError.outOfTurn) {
            try client.client.maskedInput([Int64](repeating: 0, count: 16), inbox: inbox)
        }
        #expect(throws: SecureAggregationError.outOfTurn) { try client.client.unmaskAnswer(to: inbox) }
        #expect(throws: SecureAggregationError.outOfTurn) { try other.clients[0].client.keyShares(answering: inbox) }
        var server = other.server
        #expect(throws: SecureAggregationError.outOfTurn) {
            try server.receive(advertisement: rehearsal.advertisement(of: 1))
        }
        let input = try #require(other.inputs[0])
        #expect(throws: SecureAggregationError.outOfTurn) { _ = try server.receive(maskedInput: input.span) }
        var fresh = rehearsal.server
        #expect(throws: SecureAggregationError.outOfTurn) { try fresh.sum() }
        #expect(throws: SecureAggregationError.outOfTurn) { try fresh.endInput() }
    }

    @Test func `duplicates are refused, and change nothing`() throws {
        var rehearsal = try rehearsal()
        var seen: [SecureMessageKind: SecureAggregationError] = [:]
        for client in 0..<6 {
            let bytes = rehearsal.advertisement(of: client)
            try rehearsal.server.receive(advertisement: bytes)
            do { try rehearsal.server.receive(advertisement: bytes) } catch { seen[.advertisement] = error }
        }
        for client in try rehearsal.server.endAdvertising() {
            let list = rehearsal.server.keyList(for: client)
            let bytes = try rehearsal.clients[client].client.keyShares(answering: list)
            try rehearsal.server.receive(keyShares: bytes)
            do { try rehearsal.server.receive(keyShares: bytes) } catch { seen[.keyShares] = error }
        }
        for client in try rehearsal.server.endSharing() {
            let bytes = try rehearsal.maskedInput(of: client, rehearsal.server.shareInbox(for: client))
            try rehearsal.server.receive(maskedInput: bytes.span)
            do { try rehearsal.server.receive(maskedInput: bytes.span) } catch { seen[.maskedInput] = error }
        }
        for client in try rehearsal.server.endInput() {
            let request = rehearsal.server.unmaskRequest(for: client)
            let bytes = try rehearsal.clients[client].client.unmaskAnswer(to: request)
            try rehearsal.server.receive(unmaskAnswer: bytes)
            do { try rehearsal.server.receive(unmaskAnswer: bytes) } catch { seen[.unmaskAnswer] = error }
        }
        #expect(seen.count == 4 && seen.values.allSatisfy { $0 == .duplicate(client: 5) })
        #expect(try rehearsal.server.sum().elements == rehearsal.plainSum(Array(0..<6)))
    }

    @Test func `messages of another round or attempt are refused`() throws {
        var here = try rehearsal(number: 3, attempt: 1)
        for other in [try rehearsal(number: 4), try rehearsal(number: 3, attempt: 2)] {
            #expect(other.round.identity != here.round.identity)
            #expect(throws: SecureAggregationError.otherRound) {
                try here.server.receive(advertisement: other.advertisement(of: 0))
            }
        }
    }

    @Test func `no two rounds, attempts or clients have a key in common`() throws {
        var keys: Set<[UInt8]> = []
        for (number, attempt) in [(1, 1), (1, 2), (2, 1), (11, 1), (1, 11)] {
            let rehearsal = try rehearsal(number: number, attempt: attempt)
            for client in 0..<6 {
                let box = rehearsal.clients[client].client.keys()
                for key in box { #expect(keys.insert(key).inserted) }
            }
        }
        #expect(keys.count == 5 * 6 * 5)
    }

    @Test func `a list with a key twice, a weak key, a stranger or too few is refused`() throws {
        var rehearsal = try rehearsal()
        for client in 0..<6 { try rehearsal.server.receive(advertisement: rehearsal.advertisement(of: client)) }
        _ = try rehearsal.server.endAdvertising()
        let bytes = rehearsal.server.keyList(for: 0)
        let list = try MessageList(bytes, .keyList, rehearsal.round, contentBytes: 64)
        func refusal(_ change: (inout [(client: Int, content: [UInt8])]) -> Void) -> SecureAggregationError? {
            var entries = list.entries
            change(&entries)
            let changed = MessageList(client: 0, entries: entries).bytes(.keyList, rehearsal.round)
            return #expect(throws: SecureAggregationError.self) {
                try rehearsal.clients[0].client.keyShares(answering: changed)
            }
        }
        #expect(refusal { $0[2].content = $0[1].content } == .badKey(client: 3))
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(refusal { $0[2].content = zeros + $0[2].content[32...] } == .badKey(client: 3))
        #expect(refusal { $0[0] = (0, $0[0].content) } == .unexpectedClient(0))
        #expect(refusal { $0.removeLast(3) } == .belowThreshold(needed: 3, actual: 2))
        // The client itself has sent keys, which nobody else may have.
        let own = rehearsal.clients[0].client.advertisement()[40..<104]
        #expect(refusal { $0[3].content = Array(own) } == .badKey(client: 4))
        _ = try rehearsal.clients[0].client.keyShares(answering: bytes)
    }

    @Test func `keys that their client has not signed are refused`() throws {
        var rehearsal = try rehearsal(adversary: .semiMaliciousServer)
        for client in 0..<6 { try rehearsal.server.receive(advertisement: rehearsal.advertisement(of: client)) }
        _ = try rehearsal.server.endAdvertising()
        let list = try MessageList(rehearsal.server.keyList(for: 0), .keyList, rehearsal.round, contentBytes: 128)
        var entries = list.entries
        // The server puts a key of its own in the place of client 2's.
        let own = X25519PrivateKey(SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
        entries[1].content.replaceSubrange(0..<32, with: own.publicKey)
        let forged = MessageList(client: 0, entries: entries).bytes(.keyList, rehearsal.round)
        #expect(throws: SecureAggregationError.badSignature(client: 2)) {
            try rehearsal.clients[0].client.keyShares(answering: forged)
        }
        // A signature of another round does not count.
        let other = try self.rehearsal(number: 2, adversary: .semiMaliciousServer)
        let old = Array(other.advertisement(of: 2)[40...])
        entries[1].content = old
        let replayed = MessageList(client: 0, entries: entries).bytes(.keyList, rehearsal.round)
        #expect(throws: SecureAggregationError.badSignature(client: 2)) {
            try rehearsal.clients[0].client.keyShares(answering: replayed)
        }
    }

    @Test func `shares that were sealed for somebody else, or damaged, are refused`() throws {
        var rehearsal = try rehearsal()
        rehearsal.tamper = { kind, client, bytes in
            guard kind == .shareInbox, client == 0 else { return bytes }
            // The first two neighbours' shares change places.
            var changed = bytes
            for i in 0..<96 { changed.swapAt(44 + i, 144 + i) }
            MessageHead.seal(&changed)
            return changed
        }
        #expect(throws: SecureAggregationError.sealedShares(client: 1)) {
            try rehearsal.run(Array(repeating: .never, count: 6))
        }
    }

    @Test func `wrong shares of a secret give no sum`() throws {
        var rehearsal = try rehearsal()
        rehearsal.tamper = { kind, client, bytes in
            guard kind == .unmaskAnswer, client == 1 else { return bytes }
            var changed = bytes
            changed[40 + 8] ^= 1
            MessageHead.seal(&changed)
            return changed
        }
        #expect(throws: SecureAggregationError.inconsistentShares(client: 0)) {
            try rehearsal.run(Array(repeating: .never, count: 6))
        }
        #expect(throws: SecureAggregationError.outOfTurn) { try rehearsal.server.endInput() }
    }

    @Test func `vectors of another length or ring are refused`() throws {
        let rehearsal = try masked()
        let fresh = ClientBox(rehearsal.round, 0, master: Rehearsal.master)
        let list = try #require(rehearsal.messages.first { $0.kind == .keyList }).bytes
        let inbox = try #require(rehearsal.messages.first { $0.kind == .shareInbox }).bytes
        _ = try fresh.client.keyShares(answering: list)
        #expect(throws: SecureAggregationError.wrongVector(expected: 16, actual: 15)) {
            try fresh.client.maskedInput([Int64](repeating: 0, count: 15), inbox: inbox)
        }
        #expect(throws: SecureAggregationError.self) {
            try fresh.client.maskedInput([UInt32](repeating: 0, count: 16), inbox: inbox)
        }
        _ = try fresh.client.maskedInput([Int64](repeating: 0, count: 16), inbox: inbox)
    }

    @Test func `every refusal is one line`() {
        let errors: [SecureAggregationError] = [
            .tooFewClients(1), .infeasible(clients: 9, corrupt: 0.5, dropout: 0.5),
            .badParameters(clients: 1, degree: 2, threshold: 3), .ringTooSmall(valueBits: 1, weightBits: 2, clients: 3),
            .badWeight(0, most: 4), .notFinite(index: 2), .wrongVector(expected: 1, actual: 2),
            .identities(expected: 1, actual: 0), .notAMessage, .wrongKind(expected: .keyList, actual: 9),
            .wrongLength(expected: 1, actual: 2), .damaged, .otherRound, .unexpectedClient(3), .badList,
            .badShare(client: 1), .outOfTurn, .duplicate(client: 1), .badKey(client: 1), .badSignature(client: 1),
            .sealedShares(client: 1), .deniedInput, .bothSecrets, .belowThreshold(needed: 2, actual: 1), .disconnected,
            .inconsistentShares(client: 1),
        ]
        for error in errors {
            let line = error.description
            #expect(!line.contains("\n") && !line.hasSuffix(".") && line.count > 10)
        }
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}

extension SecureClient {
    /// All that is derived for a client.
    fileprivate borrowing func keys() -> [[UInt8]] {
        [sealingKey.publicKey, maskKey.publicKey, maskKeyBytes.bytes, seed.bytes, coefficientKey.bytes]
    }
}
