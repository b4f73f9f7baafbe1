import FedCore
import Records
import SecureAggregation
import Testing

@testable import Federation

/// What every rank knows of secure aggregation, and what is summed beside an update.
@Suite struct SecureTermsTests {
    private static func terms(_ change: (inout RunSettings) -> Void = { _ in }) throws -> SecureTerms {
        let settings = SecureRunTests.settings(change)
        return try #require(
            try SecureTerms(words: 100, SecureRunTests.secured(settings, against: settings.assumedServer)))
    }

    @Test func `A vector is a partial sum and the totals; without masks there are no terms`() throws {
        #expect(try Self.terms().words == 100 + SecureTotals.words)
        #expect(try SecureTerms(words: 100, SecureRunTests.settings()) == nil)
        #expect(try Self.terms().vectorAnswer.capacity == 8 * 103)
    }

    @Test(arguments: ["assumed-server", "assumed-corrupt", "secure-bits"])
    func `What is of masked sums is refused where there are none`(name: String) {
        let settings = SecureRunTests.settings {
            switch name {
            case "assumed-server": $0.assumedServer = .semiMalicious
            case "assumed-corrupt": $0.assumedCorrupt = 0.1
            default: $0.secureBits = 16
            }
        }
        let error = #expect(throws: ConfigurationError.self) { try settings.validate() }
        #expect(error?.description == "--\(name) is of masked sums; it needs --secure-aggregation")
        #expect(throws: Never.self) { try SecureRunTests.secured(settings, against: settings.assumedServer).validate() }
    }

    /// A Poisson cohort may be of any size: answers have room for its messages.
    @Test(arguments: [6, 19, 20, 40, 150], RunSettings.AssumedServer.allCases)
    func `No cohort has more neighbours than answers have room for`(
        clients: Int, server: RunSettings.AssumedServer
    ) throws {
        let terms = try Self.terms { ($0.clients, $0.assumedServer) = (clients, server) }
        for size in stride(from: 2, through: clients, by: clients > 40 ? 7 : 1) {
            let keys = [[UInt8]](repeating: [UInt8](repeating: 1, count: 32), count: size)
            let round = try terms.round(
                RoundID(1), clients: size, nonce: [1], identities: server == .curious ? [] : keys)
            #expect(round.parameters.degree <= terms.mostNeighbours)
            #expect(round.vectorLength == 103)
            if size < 20 {
                #expect(round.parameters.degree == size - 1)
                #expect(round.parameters.threshold == size / 2 + 1)
            }
        }
        #expect(throws: SecureAggregationError.tooFewClients(1)) {
            try terms.round(RoundID(1), clients: 1, nonce: [1])
        }
    }

    @Test func `No two rounds, attempts or runs have a round in common`() throws {
        let terms = try Self.terms()
        func identity(_ round: RoundID, _ nonce: UInt8) throws -> [UInt8] {
            try terms.round(round, clients: 10, nonce: [UInt8](repeating: nonce, count: 32)).identity
        }
        let identities = try [
            identity(RoundID(1), 0), identity(RoundID(2), 0), identity(RoundID(1, attempt: 1), 0),
            identity(RoundID(1), 1),
        ]
        #expect(Set(identities).count == 4)
        #expect(try identity(RoundID(1), 0) == identities[0])
    }

    @Test func `Clients that are to leave do so in one of three phases, as many in each`() throws {
        let terms = try Self.terms { $0.dropProb = 0.3 }
        var counts: [SecureTerms.Phase: Int] = [:]
        for client in 0..<3_000 {
            let phase = try #require(terms.departure(of: client, RoundID(2), isDropped: true))
            #expect(terms.departure(of: client, RoundID(2), isDropped: true) == phase)
            counts[phase, default: 0] += 1
        }
        #expect(counts[.unmasking] == nil)
        // Five standard deviations of 26.
        for phase in [SecureTerms.Phase.keys, .shares, .vector] { #expect(abs((counts[phase] ?? 0) - 1_000) < 130) }
    }

    @Test func `Of those that stay a share is gone when the sum is unmasked, and it changes with round and attempt`()
        throws
    {
        let terms = try Self.terms { $0.dropProb = 0.3 }
        func gone(_ round: RoundID) -> [Int] {
            (0..<3_000).filter { terms.departure(of: $0, round, isDropped: false) == .unmasking }
        }
        let first = gone(RoundID(1))
        #expect(abs(first.count - 900) < 130)
        #expect(first == gone(RoundID(1)))
        #expect(first != gone(RoundID(2)) && first != gone(RoundID(1, attempt: 1)))
        for client in 0..<100 {
            let phase = terms.departure(of: client, RoundID(1), isDropped: false)
            #expect(phase == nil || phase == .unmasking)
        }
        let calm = try Self.terms()
        #expect((0..<100).allSatisfy { calm.departure(of: $0, RoundID(1), isDropped: false) == nil })
        // Whom a deadline or an attacker leaves out without dropouts being simulated.
        #expect(calm.departure(of: 1, RoundID(1), isDropped: true) != nil)
    }

    @Test func `Totals of clients add up to theirs together`() {
        let reports = [(25, 75, 2.25), (7, 14, 0.001), (1, 1, 9.5)]
        var words = [Int64](repeating: 0, count: SecureTotals.words)
        for (samples, trained, loss) in reports {
            let one = SecureTotals(LocalResult(samples: samples, steps: 3, loss: loss), trained: trained)
            for (i, word) in one.encoded.enumerated() { words[i] += word }
        }
        let sum = SecureTotals(words)
        #expect(sum.samples == 33 && sum.trained == 90)
        let expected = reports.reduce(0) { $0 + Double($1.0) * $1.2 }
        #expect(abs(sum.loss - expected) < 1e-5)
    }

    @Test(arguments: [1e300, -1e300, .infinity, 1e12]) func `A loss beyond all measure does not wrap around`(
        loss: Double
    ) {
        let word = SecureTotals(LocalResult(samples: 10, steps: 1, loss: loss), trained: 10).encoded[2]
        #expect(word == (loss < 0 ? -(1 << 42) : 1 << 42))
    }
}
