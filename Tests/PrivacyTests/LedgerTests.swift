import FedCore
import Foundation
import Privacy
import Testing

/// Ledgers of a run and of clients.
struct LedgerTests {
    private let round = PrivacyEvent.sampledGaussian(noiseMultiplier: 1, probability: 0.01)

    @Test func `a thousand rounds, one by one, cost what a thousand at once do`() throws {
        var ledger = PrivacyLedger()
        for _ in 0..<1_000 { try ledger.append(round) }
        #expect(ledger.entries.map(\.event) == [round] && ledger.entries.map(\.count) == [1_000])
        #expect(ledger.count == 1_000)
        // dp-accounting 0.6.0.
        #expect(abs(try ledger.epsilon(delta: 1e-5, by: .rdp).upper / 2.101367 - 1) < 1e-5)
        #expect(abs(try ledger.epsilon(delta: 1e-5, by: .pld).upper / 1.828244 - 1) < 1e-3)
    }

    @Test func `planned rounds count, and are not appended`() throws {
        var ledger = PrivacyLedger()
        try ledger.append(round, times: 600)
        let planned = try ledger.epsilon(delta: 1e-5, by: .rdp, after: round, times: 400).upper
        #expect(abs(planned / 2.101367 - 1) < 1e-5)
        #expect(ledger.count == 600)
        let now = try ledger.epsilon(delta: 1e-5, by: .pld).upper
        #expect(try ledger.allows(round, epsilon: now * 1.01, delta: 1e-5, by: .pld))
        #expect(try !ledger.allows(round, epsilon: now, delta: 1e-5, by: .pld))
    }

    /// Every kind of event.
    private var events: [(PrivacyEvent, NeighbouringRelation)] {
        [
            (.nothing, .addOrRemoveOne), (.gaussian(noiseMultiplier: 3), .replaceOne), (round, .addOrRemoveOne),
            (
                .discreteGaussian(
                    DiscreteGaussianNoise(noiseMultiplier: 1, stepsPerParty: 1e6, parties: 3, dimension: 10)),
                .zeroOutOne
            ),
            (.fixedSampled(size: 3, population: 9, .gaussian(noiseMultiplier: 2)), .replaceOne),
            (.tree(noiseMultiplier: 4, steps: 100), .zeroOutOne),
            (.composed([.repeated(round, times: 7), .gaussian(noiseMultiplier: 9)]), .addOrRemoveOne),
        ]
    }

    @Test func `bytes give the ledger back, whatever is in it`() throws {
        for relation in NeighbouringRelation.allCases {
            var ledger = PrivacyLedger(relation: relation)
            for (event, itsRelation) in events where itsRelation == relation { try ledger.append(event, times: 3) }
            let back = try PrivacyLedger(bytes: ledger.bytes)
            #expect(back == ledger && back.composition == ledger.composition && back.bytes == ledger.bytes)
        }
    }

    @Test func `damaged bytes are refused and trap nothing`() throws {
        var ledger = PrivacyLedger()
        for (event, relation) in events where relation == .addOrRemoveOne { try ledger.append(event, times: 3) }
        let bytes = ledger.bytes
        for end in stride(from: 0, to: bytes.count, by: 8) {
            #expect(throws: ConfigurationError.self) { try PrivacyLedger(bytes: Array(bytes[..<end])) }
        }
        #expect(throws: ConfigurationError.self) { try PrivacyLedger(bytes: bytes + [0]) }
        for place in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[place] ^= 1 << UInt8(bit)
                // May be another ledger; must not trap, and what it gives it must give again.
                guard let other = try? PrivacyLedger(bytes: damaged) else { continue }
                #expect(try PrivacyLedger(bytes: other.bytes) == other)
            }
        }
    }

    @Test func `a client has spent what the rounds cost in which it took part`() throws {
        var ledgers = ClientLedgers()
        for number in 0..<100 {
            for client in [0, 1, 2] where number % (client + 1) == 0 { try ledgers.append(round, client: client) }
        }
        #expect(ledgers.clients == [0, 1, 2])
        let spent = try ledgers.epsilons(delta: 1e-5, by: .rdp)
        for (client, count) in [(0, 100), (1, 50), (2, 34)] {
            let expected = try RenyiAccountant().epsilon(of: PrivacyComposition(round, times: count), delta: 1e-5)
            #expect(spent[client] == expected)
            #expect(try ledgers.ledger(client: client).count == count)
        }
        #expect(try ledgers.ledger(client: 9).count == 0)
        let back = try ClientLedgers(bytes: ledgers.bytes)
        #expect(back == ledgers && back.bytes == ledgers.bytes)
        #expect(throws: ConfigurationError.self) { try ClientLedgers(bytes: Array(ledgers.bytes.dropLast(8))) }
        #expect(throws: ConfigurationError.self) { try ledgers.append(.gaussian(noiseMultiplier: 0), client: 1) }
        #expect(throws: ConfigurationError.self) { try ledgers.append(round, client: -1) }
    }
}
