import FedCore
import Foundation
import NeuralNet
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with noise at the server, and what they refuse.
@Suite(.tags(.wholeRun), .unlessQuick) struct CentralPrivacyTests {
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            ($0.clients, $0.rounds, $0.model, $0.momentum) = (12, 3, "logistic", 0)
            ($0.privacy, $0.clip, $0.noise, $0.noiseSource) = (.central, 0.5, 1, .simulated)
            ($0.selection, $0.clientFraction) = ("poisson", 0.5)
            change(&$0)
        }
    }

    @Test(arguments: ["gatherv", "reduce"])
    func `Simulated noise is the same at any number of ranks, and after a resume`(
        wire: String
    ) throws {
        let settings = Self.settings { $0.wire = wire }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        for ranks in [2, 4] {
            let other = try StrategyRunTests.run(settings, ranks: ranks)
            #expect(other.digest == alone.digest, "\(ranks) ranks")
            #expect(other.states.compactMap(\.last).map(\.cohort) == alone.states.compactMap(\.last).map(\.cohort))
        }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(alone.states.first)))).state
        #expect(try StrategyRunTests.run(settings, ranks: 3, from: state).digest == alone.digest)
    }

    @Test func `A key in a file gives the same noise, no key gives other noise each time`() throws {
        try StrategyRunTests.withFolder { folder in
            let keyed = Self.settings { ($0.noiseSource, $0.noiseKey) = (.system, folder + "/key") }
            let digests = try [1, 3].map { try StrategyRunTests.run(keyed, ranks: $0).digest }
            #expect(digests[0] == digests[1])
            // Cohorts and noise behind a checkpoint are those of the key; without it both are others.
            let whole = try StrategyRunTests.run(keyed, ranks: 1)
            let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(whole.states.first)))).state
            let resumed = try StrategyRunTests.run(keyed, ranks: 2, from: state)
            #expect(resumed.digest == whole.digest)
            #expect(
                resumed.states.compactMap { $0.last?.cohort } == whole.states.dropFirst().compactMap { $0.last?.cohort }
            )
            let forgotten = Self.settings(like: keyed) { $0.noiseKey = nil }
            let other = try StrategyRunTests.run(forgotten, ranks: 1, from: state)
            #expect(other.digest != whole.digest)
            #expect(other.states.last?.last?.metrics["epsilon"] == whole.states.last?.last?.metrics["epsilon"])
            let mode = try FileManager.default.attributesOfItem(atPath: folder + "/key")[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let free = Self.settings { $0.noiseSource = .system }
            #expect(try StrategyRunTests.run(free, ranks: 1).digest != StrategyRunTests.run(free, ranks: 1).digest)
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/key"))
            #expect(throws: (any Error).self) { try StrategyRunTests.run(keyed, ranks: 1) }
        }
    }

    @Test func `Poisson cohorts of a secret key do not follow the seed, those of simulated noise do`() throws {
        try StrategyRunTests.withFolder { folder in
            func cohorts(_ change: (inout RunSettings) -> Void) throws -> [[Int]] {
                let settings = Self.settings(like: Self.settings { $0.clients = 40 }, change)
                let source = try CohortSource(Job(settings), resuming: nil)
                return (1...6).map { source.draw(RoundID($0)) }
            }
            let key = folder + "/key"
            let secret = try cohorts { ($0.noiseSource, $0.noiseKey) = (.system, key) }
            #expect(try cohorts { ($0.noiseSource, $0.noiseKey, $0.seed) = (.system, key, 7) } == secret)
            #expect(try cohorts { $0.noiseSource = .system } != cohorts { $0.noiseSource = .system })
            #expect(Set(secret).count == 6 && secret.allSatisfy { $0 == $0.sorted() && Set($0).count == $0.count })
            let simulated = try cohorts { _ in }
            #expect(try cohorts { _ in } == simulated && simulated != secret)
            #expect(try cohorts { $0.seed = 7 } != simulated)
        }
    }

    /// A quarter of 400 clients: deviations of 5 from the binomial's, over clients and over rounds.
    @Test func `A secret cohort has each client with its probability`() throws {
        let key = try NoiseKey(Self.settings())
        let (clients, rounds) = (400, 300)
        var asked = [Int](repeating: 0, count: clients)
        for round in 1...rounds {
            let cohort = key.cohort(of: clients, probability: 0.25, room: clients, RoundID(round))
            for client in cohort { asked[client] += 1 }
        }
        let total = Double(asked.reduce(0, +))
        let draws = Double(clients * rounds)
        #expect(abs(total - draws / 4) < 5 * (draws * 3 / 16).squareRoot())
        let spread = asked.reduce(0.0) { $0 + (Double($1) - 75) * (Double($1) - 75) } / Double(clients)
        #expect(abs(spread / (300.0 * 3 / 16) - 1) < 5 * (2 / Double(clients)).squareRoot())
        #expect(key.cohort(of: 9, probability: 1, room: 9, RoundID(1)) == Array(0..<9))
    }

    @Test func `A resumed run whose budget is spent ends at once, and keeps its noise`() throws {
        let settings = Self.settings { ($0.clients, $0.clientFraction, $0.rounds) = (40, 0.1, 9) }
        let account = try #require(try Job(settings).privacy).account
        let three = try account.epsilon(1, delta: 1e-5, rounds: 3)
        let run = try StrategyRunTests.run(Self.settings(like: settings) { $0.epsilon = three + 1e-3 }, ranks: 1)
        let last = try #require(run.states.last)
        #expect(last.round == 3)
        let resumed = try StrategyRunTests.run(last.settings, ranks: 2, from: last)
        #expect(resumed.states.isEmpty && resumed.digest == run.digest && resumed.isBudgetSpent && run.isBudgetSpent)
        // Of noise that was found for four rounds eight would need more: its rounds so far have had less.
        let found = try StrategyRunTests.run(
            Self.settings(like: settings) { ($0.noise, $0.epsilon, $0.rounds) = (nil, 2, 4) }, ranks: 1)
        #expect(!found.isBudgetSpent)
        let state = try #require(found.states.last)
        let longer = Self.settings(like: state.settings) { $0.rounds = 8 }
        #expect(throws: (any Error).self) { try StrategyRunTests.run(longer, ranks: 1, from: state) }
    }

    /// With full participation and without local steps' effect (a learning rate of nearly 0) the weights move by the noise
    /// alone: of deviation z·C/n in each number.
    @Test func `The noise in the weights has the deviation that the settings ask for`() throws {
        let settings = Self.settings {
            ($0.rounds, $0.lr, $0.selection, $0.clientFraction) = (1, 1e-12, "uniform", 1)
            ($0.clip, $0.noise) = (2, 3)
        }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let end = try #require(StrategyRunTests.run(settings, ranks: 2).states.last?.weights)
        let moves = zip(end, start).map { Double($0 - $1) }
        let variance = moves.reduce(0) { $0 + $1 * $1 } / Double(moves.count)
        let expected = 2.0 * 3.0 / 12
        #expect(abs(variance / (expected * expected) - 1) < 5 * (2 / Double(moves.count)).squareRoot())
    }

    @Test func `An update is clipped to the norm, on the lattice, and a short one is only rounded`() throws {
        let terms = try #require(try Job(Self.settings()).privacy).lattice
        let account = try #require(try Job(Self.settings()).privacy).account
        #expect(terms.grid == 0x1p-21 && account.sigma(1) == Double(1 << 20))
        for scale in [1e-3, 1, 1e6] as [Float] {
            let update = (0..<7_850).map { Float(($0 * 37 % 101) - 50) * scale / 1_000 }
            var clipped = update
            var span = clipped.mutableSpan
            terms.apply(to: &span)
            let norm = clipped.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(norm <= Double(terms.clip))
            #expect(clipped.allSatisfy { ($0 / terms.grid).rounded() == $0 / terms.grid })
            let before = update.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            if before < 0.49 {
                #expect(zip(clipped, update).allSatisfy { abs($0 - $1) <= terms.grid / 2 })
            } else {
                #expect(norm > 0.99 * Double(terms.norm))
            }
        }
    }

    /// The sum is divided by the expected number of clients, not by those who came: one more client moves it by C.
    @Test func `One client moves the weights by the clip over the expected cohort at most`() throws {
        let one = Self.settings { ($0.rounds, $0.lr, $0.noise) = (1, 5, 1) }
        let other = Self.settings { ($0.rounds, $0.lr, $0.noise, $0.dropProb) = (1, 5, 1, 0.6) }
        let all = try StrategyRunTests.run(one, ranks: 1)
        let fewer = try StrategyRunTests.run(other, ranks: 1)
        let missing = (all.states.last?.last?.participants ?? 0) - (fewer.states.last?.last?.participants ?? 0)
        let (left, right) = (try #require(all.states.last?.weights), try #require(fewer.states.last?.weights))
        let distance = zip(left, right).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
        #expect(missing > 0 && distance > 0)
        #expect(distance <= Double(missing) * 0.5 / 6 + 0.02)
    }

    /// Ten rounds of a tenth at z = 1: dp-accounting 0.6.0's PLD says 7.046603 for a hundred.
    @Test func `Epsilon is that of the accountants for as many rounds, and a budget stops before it is passed`() throws
    {
        let settings = Self.settings { ($0.clients, $0.clientFraction, $0.rounds) = (40, 0.1, 4) }
        let job = try Job(settings)
        let terms = try #require(job.privacy)
        func epsilon(_ rounds: Int) throws -> Double {
            try terms.account.epsilon(terms.noise, delta: settings.delta, rounds: rounds)
        }
        #expect(abs(try epsilon(100) - 7.046603) < 0.01)
        let run = try StrategyRunTests.run(settings, ranks: 2)
        let spent = run.states.compactMap { $0.last?.metrics["epsilon"] }
        let four = try epsilon(4)
        #expect(spent.count == 4 && spent == spent.sorted() && abs((spent.last ?? 0) - four) < 1e-12)
        let short = try StrategyRunTests.run(Self.settings(like: settings) { $0.epsilon = spent[2] + 1e-6 }, ranks: 1)
        #expect(short.states.last?.round == 3)
        #expect(short.states.last?.weights == run.states[2].weights)
        // Found for a budget, the noise spends nearly all of it in the planned rounds.
        let found = try StrategyRunTests.run(
            Self.settings(like: settings) { ($0.noise, $0.epsilon) = (nil, 2) }, ranks: 2)
        #expect(found.states.last?.round == 4)
        #expect((1.99...2.0001).contains(found.states.last?.last?.metrics["epsilon"] ?? 0))
    }

    /// The lattice is a finite one, and every round and parameter makes the discrete noise a little less like a Gaussian.
    @Test(arguments: [(7_850, 100), (51_098, 100), (1_200_000, 1_000)])
    func `Noise for large models and many rounds is found and counted`(
        floats: Int, rounds: Int
    ) throws {
        let settings = Self.settings { ($0.noise, $0.epsilon, $0.clientFraction, $0.rounds) = (nil, 8, 0.1, rounds) }
        let terms = try #require(try PrivacyTerms(settings, floats: floats))
        #expect((7.99...8.0001).contains(try terms.account.epsilon(terms.noise, delta: 1e-5, rounds: rounds)))
        #expect(try terms.account.epsilon(terms.noise, delta: 1e-5, rounds: rounds + 1) > 8)
    }

    private static func settings(like settings: RunSettings, _ change: (inout RunSettings) -> Void) -> RunSettings {
        var settings = settings
        change(&settings)
        return settings
    }

    @Test func `Losses are not told`() throws {
        let run = try StrategyRunTests.run(Self.settings(), ranks: 2)
        #expect(run.states.compactMap(\.last).allSatisfy { $0.trainLoss == nil })
    }

    private static let refused: [(String, @Sendable (inout RunSettings) -> Void)] = [
        ("cohorts of a size", { $0.selection = "uniform" }),
        ("oort", { ($0.selection, $0.deviceSpeed) = ("oort", 10) }),
        ("states", { $0.strategy = "scaffold" }), ("divided updates", { $0.strategy = "fednova" }),
        ("rules", { $0.aggregation = "median" }), ("tests", { $0.clientTest = 0.2 }),
        ("repetitions", { $0.minClients = 3 }), ("statistics", { $0.model = "edgecnn-bn" }),
        ("codecs", { $0.compress = "int8" }), ("edges", { $0.edges = 2 }), ("fleets", { $0.fleet = "people" }),
        ("ends", { $0.patience = 3 }), ("no noise", { $0.noise = nil }), ("too coarse", { $0.clip = 5_000 }),
        ("too little", { $0.noise = 1e-9 }), ("a budget for no round", { $0.epsilon = 0.1 }),
        ("an epsilon without privacy", { ($0.privacy, $0.noise, $0.epsilon) = (nil, nil, 2) }),
        ("without privacy", { $0.privacy = nil }), ("a quantile of a fixed clip", { $0.clipQuantile = 0.4 }),
        ("a band of no factor", { $0.ftrlBand = 3 }),
        ("key of simulated noise", { $0.noiseKey = "key" }),
    ]

    @Test(arguments: refused.map(\.0)) func `What would void the promise is refused by one line`(name: String) throws {
        let change = try #require(Self.refused.first { $0.0 == name }).1
        let error = #expect(throws: ConfigurationError.self) { _ = try Job(Self.settings(change)).settings }
        #expect(error.map { !"\($0)".contains("\n") } ?? false)
    }
}
