import Cryptography
import FedCore
import Foundation
import Testing

@testable import SecureAggregation

/// A round as the second implementation, `scripts/check_secure_aggregation.py`, has it: with Python's `cryptography`.
private struct Transcript: Codable {
    var run: String
    var round: Int
    var attempt: Int
    var master: String
    var randomness: String
    var clients: Int
    var degree: Int
    var threshold: Int
    var length: Int
    var valueBits: Int
    var weightBits: Int
    var bits: Int
    var signers: [String]
    /// Clients that send shares and no vector.
    var dropped: [Int]
    var vectors: [[Int64]]
    var identity: String?
    /// SHA-256 of the messages by kind, of or for each client.
    var messages: [String: [String?]]?
    var sum: [Int64]?

    /// Runs the round.
    func rehearsed() throws -> Transcript {
        let adversary: SecureAdversary = signers.isEmpty ? .curiousServer : .semiMaliciousServer
        let parameters = try SharingParameters(
            clients: clients, degree: degree, threshold: threshold, adversary: adversary)
        let ring =
            bits == 64
            ? RingFormat.exact : try RingFormat(valueBits: valueBits, weightBits: weightBits, clients: clients)
        let keys = signers.map { SecretBytes.digits($0).bytes }
        let round = try SecureRound(
            run: SecretBytes.digits(run).bytes, round: round, attempt: attempt, parameters: parameters,
            vectorLength: length, ring: ring, randomness: SecretBytes.digits(randomness).bytes,
            identities: keys.map { SigningKey(SecretBytes(copying: $0)).publicKey })
        var rehearsal = Rehearsal(round, vectors: vectors, master: SecretBytes.digits(master).bytes)
        rehearsal.signer = { SecretBytes(copying: keys[$0]) }
        let sum = try rehearsal.run(
            (0..<clients).map { dropped.contains($0) ? .beforeInput : .never })
        #expect(ring.bits == bits)
        #expect(sum.dropped == dropped && sum.elements == rehearsal.plainSum(sum.survivors))

        var result = self
        result.identity = round.identity.hexadecimal
        result.sum = sum.elements
        var messages: [String: [String?]] = [:]
        for kind in 1...7 { messages["\(kind)"] = Array(repeating: nil, count: clients) }
        for message in rehearsal.messages {
            let client = Int(message.bytes.word(at: 24))
            messages["\(message.kind.rawValue)"]?[client] = SHA256.hash(message.bytes).hexadecimal
        }
        // A request is not noted when its answer is refused, an inbox not when the client is gone.
        for client in dropped {
            var server = rehearsal.server
            server.phase = .input
            messages["4"]?[client] = SHA256.hash(server.shareInbox(for: client)).hexadecimal
        }
        result.messages = messages
        return result
    }
}

extension SecretBytes {
    fileprivate static func digits(_ text: String) -> SecretBytes {
        let digits = text.compactMap(\.hexDigitValue)
        return SecretBytes(
            copying: stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}

@Suite struct TranscriptTests {
    /// `scripts/check_secure_aggregation.py --write` made the file.
    @Test func `every message is the one of the second implementation`() throws {
        let file = try #require(
            Bundle.module.url(forResource: "transcripts", withExtension: "json", subdirectory: "Fixtures"))
        let transcripts = try JSONDecoder().decode([Transcript].self, from: Data(contentsOf: file))
        #expect(transcripts.count == 5)
        for (number, expected) in transcripts.enumerated() {
            let ours = try expected.rehearsed()
            #expect(ours.identity == expected.identity)
            // Those of the file are the ones of a simulation.
            let master = SecretBytes.digits(expected.master)
            for (client, signer) in expected.signers.enumerated() {
                let key = SecureClient.signingKey(master: master, client: client)
                #expect(key.publicKey == SigningKey(SecretBytes.digits(signer)).publicKey)
            }
            #expect(ours.sum == expected.sum)
            for kind in SecureMessageKind.allCases {
                let name = "\(kind.rawValue)"
                #expect(ours.messages?[name] == expected.messages?[name], "\(kind) of transcript \(number)")
            }
        }
    }

    /// With `FEDMPI_SECURE_TRANSCRIPTS`, the name of a file, writes rounds of random secrets, which the second implementation then checks
    /// (`scripts/check-secure-aggregation`).
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_SECURE_TRANSCRIPTS"] != nil))
    func `rounds of random secrets, for the second implementation`() throws {
        let path = try #require(ProcessInfo.processInfo.environment["FEDMPI_SECURE_TRANSCRIPTS"])
        var transcripts: [Transcript] = []
        for number in 0..<20 {
            let (clients, seed) = (4 + number, UInt64.random(in: 0...UInt64.max))
            let degree = number % 3 == 0 && clients > 8 ? 6 : clients - 1
            let isNarrow = number % 2 == 1
            let ring = isNarrow ? try RingFormat(valueBits: 12, weightBits: 2, clients: clients) : .exact
            let signed = number % 5 == 4
            transcripts.append(
                try Transcript(
                    run: SecretBytes.random(count: 16).bytes.hexadecimal, round: number, attempt: number % 3,
                    master: SecretBytes.random(count: 32).bytes.hexadecimal,
                    randomness: SecretBytes.random(count: 9).bytes.hexadecimal, clients: clients, degree: degree,
                    threshold: degree / 2 + 1, length: 1 + number, valueBits: ring.valueBits,
                    weightBits: ring.weightBits, bits: ring.bits,
                    signers: (0..<(signed ? clients : 0)).map { _ in SecretBytes.random(count: 32).bytes.hexadecimal },
                    dropped: number % 4 == 0 ? [number % clients] : [],
                    vectors: Rehearsal.vectors(clients, 1 + number, bits: isNarrow ? 14 : 64, seed: seed)
                ).rehearsed())
        }
        try JSONEncoder().encode(transcripts).write(to: URL(fileURLWithPath: path))
    }
}
