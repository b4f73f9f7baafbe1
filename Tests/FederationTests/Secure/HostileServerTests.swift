import Cryptography
import FedCore
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import SecureAggregation

/// All that comes to rank 0 in whole runs, looked through for what it says about a single client; and the same detectors where masks are
/// left out or used twice.
@Suite(.tags(.wholeRun), .unlessQuick) struct HostileServerTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SecureRunTests.settings {
            ($0.clients, $0.rounds) = (6, 2)
            change(&$0)
        }
    }

    /// The same run with and without masks.
    private struct Runs: Sendable {
        let job: Job
        let plain: SeenByServer
        let secured: SeenByServer
        /// The updates that the plain run shows.
        let updates: [SeenByServer.Answer]
        /// The masked vectors.
        let vectors: [SeenByServer.Answer]

        init(_ settings: RunSettings) throws {
            let secured = SecureRunTests.secured(settings)
            job = try Job(secured)
            plain = try SeenByServer(settings)
            self.secured = try SeenByServer(secured)
            let (floats, words) = (job.vectors.up, try #require(job.secure).words)
            updates = plain.answers.filter { $0.payload.count == 4 * floats && $0.samples > 0 }
            vectors = self.secured.answers.filter { $0.payload.count == 8 * words }
        }

        /// A vector before it is masked.
        func unmasked(_ update: SeenByServer.Answer) throws -> [UInt64] {
            var sum = job.terms.emptySum()
            try sum.add(update.floats.span, weight: job.terms.weight(update.samples))
            var partial = job.securePass(RoundID(update.round))
            var words = [Int64](repeating: 0, count: partial.wordCount)
            var span = words.mutableSpan
            partial.write(sum, to: &span)
            words +=
                SecureTotals(
                    LocalResult(samples: update.samples, steps: update.steps, loss: update.loss),
                    trained: job.trainedSamples(holding: update.samples)
                ).encoded
            return words.map { UInt64(bitPattern: $0) }
        }

        func update(of client: Int, _ round: Int) throws -> SeenByServer.Answer {
            try #require(updates.first { $0.client == client && $0.round == round })
        }
    }

    /// The runs that most tests look at, done once.
    private static let runs = Result { try Runs(settings()) }

    private static func answer(_ answer: SeenByServer.Answer, with words: [UInt64]) -> SeenByServer.Answer {
        var answer = answer
        answer.payload = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        return answer
    }

    @Test func `Masked vectors look random, go with no update, and have no masks in common`() throws {
        let runs = try Self.runs.get()
        #expect(runs.updates.count == 12 && runs.vectors.count == 12)
        #expect(Set(runs.vectors.map { [$0.client, $0.round] }).count == 12)
        #expect(SeenByServer.findings(runs.vectors, runs.updates) == [])
        #expect(SeenByServer.looksRandom(runs.vectors.flatMap(\.words)))
        // Of all messages of the protocol there are as many as of clients.
        for kind in [SecureMessageKind.advertisement, .keyShares, .unmaskAnswer] {
            #expect(runs.secured.answers.count { $0.kind == kind.rawValue } == 12)
        }
    }

    @Test(arguments: ["gatherv", "reduce"]) func `No envelope has a client's samples, steps or loss`(wire: String)
        throws
    {
        let settings = Self.settings { ($0.wire, $0.dropProb, $0.clients) = (wire, 0.2, 8) }
        let secured = try SeenByServer(SecureRunTests.secured(settings))
        #expect(secured.answers.count > 8 * 3 * 2)
        #expect(SeenByServer.reports(secured.answers) == [])
        // A plain run tells all of them.
        #expect(Set(SeenByServer.reports(try SeenByServer(settings).answers)) == Set(0..<8))
    }

    @Test func `The detectors find each client of a plain run`() throws {
        let runs = try Self.runs.get()
        let inClear = try runs.updates.map { Self.answer($0, with: try runs.unmasked($0)) }
        let found = SeenByServer.findings(inClear, runs.updates)
        for update in runs.updates {
            #expect(found.contains("client \(update.client) in round \(update.round) is in clear"))
            #expect(
                found.contains(
                    "client \(update.client) in round \(update.round) goes with client \(update.client) in round \(update.round)"
                ))
        }
    }

    @Test func `They find the one client whose masks are left out`() throws {
        let runs = try Self.runs.get()
        let place = try #require(runs.vectors.firstIndex { $0.client == 4 && $0.round == 2 })
        var vectors = runs.vectors
        vectors[place] = Self.answer(vectors[place], with: try runs.unmasked(runs.update(of: 4, 2)))
        let found = SeenByServer.findings(vectors, runs.updates)
        #expect(found.contains("client 4 in round 2 is in clear"))
        #expect(found.contains("client 4 in round 2 goes with client 4 in round 2"))
        #expect(found.allSatisfy { $0.hasPrefix("client 4 in round 2 ") }, "\(found)")
    }

    @Test func `They find masks of one round that are used in the next`() throws {
        let runs = try Self.runs.get()
        var vectors = runs.vectors
        for client in [1, 3] {
            let first = try #require(vectors.first { $0.client == client && $0.round == 1 })
            let place = try #require(vectors.firstIndex { $0.client == client && $0.round == 2 })
            let (one, two) = (
                try runs.unmasked(runs.update(of: client, 1)), try runs.unmasked(runs.update(of: client, 2))
            )
            let words = zip(first.words, zip(one, two)).map { $0 &- $1.0 &+ $1.1 }
            vectors[place] = Self.answer(vectors[place], with: words)
        }
        let found = SeenByServer.findings(vectors, runs.updates)
        for client in [1, 3] {
            #expect(
                found.contains {
                    $0.contains("client \(client) in round") && $0.contains("has the masks of client \(client) ")
                },
                "\(found)")
        }
        #expect(found.count == 2, "\(found)")
    }

    @Test func `On a wire of sums the ranks' sums are masked, too`() throws {
        let settings = Self.settings { $0.wire = "reduce" }
        let (plain, secured) = (try SeenByServer(settings), try SeenByServer(SecureRunTests.secured(settings)))
        let updates = try SeenByServer(Self.settings()).answers.filter { $0.samples > 0 }
        #expect(!secured.sums.isEmpty)
        // The words of the masked sum itself are those of the own masks of all.
        for (run, isRandom) in [(plain, false), (secured, true)] {
            let words = run.sums.flatMap { $0 }
            #expect(words.count > 2 * 7_850)
            #expect(SeenByServer.looksRandom(words) == isRandom)
            let first = Array(words.prefix(7_850))
            #expect(updates.contains { SeenByServer.correlates(first, $0.floats) } == !isRandom)
        }
    }

    @Test(arguments: [
        ("gatherv", .curious), ("reduce", .curious), ("gatherv", RunSettings.AssumedServer.semiMalicious),
    ])
    func `No secret of the run or of a client comes to rank 0`(wire: String, server: RunSettings.AssumedServer) throws {
        let settings = SecureRunTests.secured(
            Self.settings { ($0.wire, $0.dropProb, $0.clients) = (wire, 0.2, 8) }, against: server)
        let seen = try SeenByServer(settings)
        let terms = try #require(try Job(settings).secure)
        let master = try #require(seen.master)
        // Behind the head of a client's mail.
        let letters = seen.sent.compactMap { try? SecureLetter(Array($0.dropFirst(MailMessage.headerBytes))) }
        let nonces = Set(letters.filter { $0.clients == 8 }.map(\.nonce))
        // Another one for each sum.
        #expect(nonces.count >= 2)
        var secrets: [(name: String, bytes: [UInt8])] = [("master", master)]
        let secret = SecretBytes(copying: master)
        let info = { SecureRound.runInfo(.signingKey, $0) }
        let identities = (0..<8).map { SecureClient.signingKey(master: secret, client: $0).publicKey }
        if server == .semiMalicious {
            secrets += (0..<8).map { ("signs as \($0)", Self.array(HKDF.derive(32, from: secret, info: info($0)))) }
            secrets += identities.enumerated().map { ("signed \($0)", $1) }
        }
        for (number, attempt) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
            for nonce in nonces {
                let round = try terms.round(
                    RoundID(number, attempt: attempt), clients: 8, nonce: nonce,
                    identities: server == .curious ? [] : identities)
                for place in 0..<8 {
                    let secret = SecureClient.secret(
                        master: SecretBytes(copying: master), round: round, client: place)
                    let client = SecureClient(round: round, client: place, secret: secret)
                    let whose = "of \(place) in round \(number), attempt \(attempt)"
                    secrets.append(("secret \(whose)", Self.array(secret)))
                    secrets.append(("seed \(whose)", Self.array(client.seed)))
                    secrets.append(("key \(whose)", Self.array(client.maskKeyBytes)))
                    // That it is this run's.
                    if attempt == 0 { secrets.append(("public \(number)", client.maskKey.publicKey)) }
                }
            }
        }
        let found = Set(seen.occurring(secrets))
        let signed = server == .curious ? [] : (0..<8).map { "signed \($0)" }
        #expect(found == Set(["public 1", "public 2"] + signed), "\(found)")
        var tapped = seen
        tapped.received.append([0] + master + [1])
        #expect(tapped.occurring(secrets).contains("master"))
    }

    private static func array(_ secret: borrowing SecretBytes) -> [UInt8] {
        (0..<secret.count).map { secret.span[$0] }
    }

    @Test(arguments: [(0.75, 0), (0.35, 8)]) func `Of a round that is refused no share is asked for`(
        drop: Double, least: Int
    ) throws {
        // The first is below the threshold; in the second one client fewer is left than the run wants.
        let settings = SecureRunTests.secured(
            Self.settings {
                ($0.clients, $0.rounds, $0.dropProb, $0.minClients, $0.roundRetries) = (8, 1, drop, least, 0)
            })
        let seen = try SeenByServer(settings)
        let kinds = seen.answers.compactMap(\.kind)
        #expect(kinds.contains(SecureMessageKind.advertisement.rawValue))
        #expect(!kinds.contains(SecureMessageKind.unmaskAnswer.rawValue))
        let words = try #require(try Job(settings).secure).words
        // Those who have left send nothing.
        let vectors = seen.answers.filter { $0.payload.count == 8 * words && $0.payload.contains { $0 != 0 } }
        #expect((least == 0 ? 0..<5 : 5..<8).contains(vectors.count), "\(vectors.count) vectors")
        #expect(SeenByServer.findings(vectors, []) == [])
    }
}
