import FedCore
import Foundation
import NeuralNet
import Privacy
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// A share of the sum's noise from each client.
@Suite(.tags(.wholeRun), .unlessQuick) struct DistributedPrivacyTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        CentralPrivacyTests.settings {
            ($0.privacy, $0.selection, $0.clientFraction, $0.noise) = (.distributed, "uniform", 0.5, 2)
            change(&$0)
        }
    }

    /// The numbers by which the weights move in one round without training.
    private static func noise(_ settings: RunSettings) throws -> (moves: [Double], StrategyRunTests.Outcome) {
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let outcome = try StrategyRunTests.run(settings, ranks: 2)
        let end = try #require(outcome.states.last?.weights)
        return (zip(end, start).map { Double($0 - $1) }, outcome)
    }

    /// Among n = 12 clients ⌈0.67 n⌉ = 9 are to have the noise z·C: the sum of all has (z C)² n / 9, the mean a 144th of that.
    /// Where fewer than 9 answer the server makes it up to (z C)².
    @Test(arguments: [0, 0.3, 0.6, 1]) func `The sum has the noise of the settings, whoever answers`(drop: Double)
        throws
    {
        let settings = Self.settings {
            ($0.rounds, $0.lr, $0.clientFraction, $0.clip, $0.noise, $0.dropProb) = (1, 1e-12, 1, 2, 3, drop)
        }
        let (moves, outcome) = try Self.noise(settings)
        let answers = try #require(outcome.states.last?.last).participants
        let expected = 2.0 * 3.0 * 2.0 * 3.0 * Double(max(answers, 9)) / 9 / 144
        let variance = moves.reduce(0) { $0 + $1 * $1 } / Double(moves.count)
        #expect(abs(variance / expected - 1) < 5 * (2 / Double(moves.count)).squareRoot(), "\(answers) answers")
        let faults = outcome.faults.filter { $0.kind == .noiseMissing }
        #expect(faults.map(\.clients.count) == (answers < 9 ? [12 - answers] : []))
        if answers < 9 { #expect(faults.first?.reason?.contains("the server added the other \(9 - answers)") ?? false) }
        if drop == 0 { #expect(answers == 12) }
        if drop == 1 { #expect(answers == 0) }
    }

    @Test func `What clients have released costs what it does with noise at the server`() throws {
        let rounds = 7
        let shared = try #require(try PrivacyTerms(Self.settings { $0.rounds = rounds }, floats: 7_850)).account
        let central = try #require(
            try PrivacyTerms(
                CentralPrivacyTests.settings { ($0.selection, $0.clientFraction) = ("uniform", 1) }, floats: 7_850)
        ).account
        #expect(shared.relation == .zeroOutOne)
        for noise in [0.7, 2, 9] {
            let (one, other) = (
                try shared.epsilon(noise, delta: 1e-5, rounds: rounds),
                try central.epsilon(noise, delta: 1e-5, rounds: rounds)
            )
            #expect(abs(one - other) < 1e-3, "\(noise): \(one), \(other)")
        }
        // dp-accounting's PLD test: three Gaussians of σ = √3 over the sensitivity have δ = 0.126936 at ε = 1.
        #expect(abs(try shared.epsilon(3.0.squareRoot(), delta: 0.126936, rounds: 3) - 1) < 1e-4)
        // Of six clients a round each of twelve is asked in every second one.
        let inTurn = try #require(try PrivacyTerms(Self.settings { $0.selection = "cyclic" }, floats: 7_850)).account
        #expect(try inTurn.epsilon(2, delta: 1e-5, rounds: 6) == shared.epsilon(2, delta: 1e-5, rounds: 3))
    }

    @Test(arguments: [
        (0.33, 12, 9), (0.3, 10, 7), (0.7, 10, 3), (0, 5, 5), (0.9, 1, 1), (0.1, 10, 9), (0.33, 100, 67),
    ])
    func `Shares are for those who answer at least`(dropout: Double, clients: Int, least: Int) {
        let settings = Self.settings { ($0.assumedDropout, $0.clients, $0.clientFraction) = (dropout, clients, 1) }
        #expect(NoiseShares(settings).least == least)
        #expect([0, least, clients].map { NoiseShares(settings).missing($0) } == [least, 0, 0])
        #expect(abs(NoiseShares(settings).sigma(5) - 5 / Double(least).squareRoot()) < 1e-12)
    }

    /// What is rounded behind its noise is no longer a function of the sum.
    @Test(arguments: [0.1, 1, 3, 30, 100]) func `A message with its share of the noise is exact`(noise: Double) throws {
        let job = try Job(Self.settings { $0.noise = noise })
        let terms = try #require(job.privacy)
        // ⌈0.67 · 6⌉ = 5 shares.
        let sigma = noise * 0.5 / 5.0.squareRoot()
        #expect((0.5 + 12 * sigma) / Double(terms.lattice.grid) < 0x1p24)
        #expect(terms.lattice.grid == 0x1p-21 || (2 * 0.5 + 12 * sigma) / Double(terms.lattice.grid) > 0x1p22)
        var message = (0..<terms.account.floats).map { Float($0 % 65 - 32) * 0x1p-9 }
        let start = message
        var span = message.mutableSpan
        let turn = ClientTurn(client: 3, round: 2, samples: 20, seed: 1)
        try #require(try ClientNoise(job)).add(to: &span, in: turn)
        let points = message.map { Double($0) / Double(terms.lattice.grid) }
        #expect(points.allSatisfy { $0 == $0.rounded() && abs($0) < 0x1p24 })
        let variance = zip(message, start).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        let ratio = variance / Double(message.count) / (sigma * sigma)
        #expect(abs(ratio - 1) < 5 * (2 / Double(message.count)).squareRoot())
    }

    @Test(arguments: ["gatherv", "reduce"])
    func `Weights and what clients have spent are the same at any number of ranks, and after a resume`(wire: String)
        throws
    {
        let settings = Self.settings { ($0.wire, $0.rounds, $0.dropProb) = (wire, 5, 0.5) }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        let spent = alone.states.compactMap { $0.last?.metrics["epsilon"] }
        for ranks in [2, 3] {
            let other = try StrategyRunTests.run(settings, ranks: ranks)
            #expect(other.digest == alone.digest && other.faults == alone.faults)
        }
        #expect(!alone.faults.isEmpty)
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[1]))).state
        let resumed = try StrategyRunTests.run(settings, ranks: 2, from: state)
        #expect(resumed.digest == alone.digest)
        #expect(resumed.states.compactMap { $0.last?.metrics["epsilon"] } == Array(spent.dropFirst(2)))
        // By hand: all that were asked, whether or not they answered.
        let job = try Job(settings)
        let turns = try StrategyRunTests.turns(in: job)
        let account = try #require(job.privacy).account
        #expect(abs(try account.epsilon(2, delta: 1e-5, rounds: turns.max() ?? 0) - (spent.last ?? 0)) < 1e-9)
        for entry in alone.clientEpsilons {
            #expect(abs(try account.epsilon(2, delta: 1e-5, rounds: turns[entry.client]) - entry.epsilon) < 1e-9)
        }
        #expect(alone.clientEpsilons.map(\.client) == turns.indices.filter { turns[$0] > 0 })
        var damaged = state
        damaged[PartName.privacy] = Array(state[PartName.privacy].dropLast(8))
        #expect(throws: (any Error).self) { try StrategyRunTests.run(settings, ranks: 1, from: damaged) }
    }

    @Test func `Noise for a budget spends it in the planned rounds`() throws {
        let run = try StrategyRunTests.run(
            Self.settings { ($0.noise, $0.epsilon, $0.rounds, $0.clientFraction) = (nil, 4, 4, 1) }, ranks: 2)
        #expect(run.states.count == 4)
        #expect((3.99...4.0001).contains(run.states.last?.last?.metrics["epsilon"] ?? 0))
    }

    @Test func `The line says for whom the noise is, and against whom it is not`() throws {
        let line = try #require(try Job(Self.settings()).privacyLine)
        #expect(line.hasPrefix("distributed, noise by 5 clients or more, no budget"))
        #expect(line.contains("towards everybody but the server, which sees single updates with a share of the noise"))
    }

    private static let refused: [(String, @Sendable (inout RunSettings) -> Void)] = [
        ("sizes that nobody knows", { $0.selection = "poisson" }), ("sizes of data", { $0.selection = "by-size" }),
        ("losses", { ($0.selection, $0.deviceSpeed) = ("oort", 10) }),
        ("a clip that moves", { $0.clipping = .adaptive }),
        ("codecs", { $0.compress = "int8" }), ("edges", { $0.edges = 2 }), ("rules", { $0.aggregation = "median" }),
        ("strategies with states", { $0.strategy = "scaffold" }), ("repetitions", { $0.minClients = 3 }),
        ("dropout of noise at the server", { ($0.privacy, $0.assumedDropout) = (.local, 0.2) }),
        ("dropout without privacy", { ($0.privacy, $0.noise, $0.assumedDropout) = (nil, nil, 0.2) }),
        ("everybody may be missing", { $0.assumedDropout = 0.95 }),
    ]

    @Test(arguments: refused.map(\.0)) func `What would void the promise is refused by one line`(name: String) throws {
        let change = try #require(Self.refused.first { $0.0 == name }).1
        let error = #expect(throws: ConfigurationError.self) { _ = try Job(Self.settings(change)).settings }
        #expect(error.map { !"\($0)".contains("\n") } ?? false)
    }
}
