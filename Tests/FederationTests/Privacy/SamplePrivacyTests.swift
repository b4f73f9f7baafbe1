import Cryptography
import FedCore
import NeuralNet
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs with DP-SGD, what they count, and what they refuse.
@Suite(.tags(.wholeRun), .unlessQuick) struct SamplePrivacyTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            ($0.clients, $0.rounds, $0.model, $0.momentum) = (6, 3, "logistic", 0)
            ($0.privacy, $0.clip, $0.noise, $0.noiseSource) = (.dpSGD, 0.5, 1, .simulated)
            change(&$0)
        }
    }

    @Test(arguments: [RunSettings.Sampling.poisson, .shuffle], RunSettings.Clipping.allCases)
    func `Simulated noise is the same at any number of ranks, and after a resume`(
        sampling: RunSettings.Sampling, clipping: RunSettings.Clipping
    ) throws {
        let settings = Self.settings {
            ($0.sampling, $0.clientFraction, $0.model) = (sampling, 0.5, "edgecnn-small")
            ($0.clipping, $0.noise, $0.wire) = (clipping, 0.9, sampling == .poisson ? "gatherv" : "reduce")
        }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        for ranks in [2, 4] {
            let other = try StrategyRunTests.run(settings, ranks: ranks)
            #expect(other.digest == alone.digest, "\(ranks) ranks")
        }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(alone.states.first)))).state
        let resumed = try StrategyRunTests.run(settings, ranks: 3, from: state)
        #expect(resumed.digest == alone.digest)
        // The ledger is in the checkpoint: three rounds of half the clients each.
        #expect(resumed.states.last?.last?.metrics["epsilon"] == alone.states.last?.last?.metrics["epsilon"])
        #expect(alone.states.last?.last?.trainLoss == nil)
    }

    @Test func `A key in a file gives the same noise and batches on every rank, no key gives others each time`() throws
    {
        try StrategyRunTests.withFolder { folder in
            let keyed = Self.settings { ($0.noiseSource, $0.noiseKey) = (.system, folder + "/key") }
            let digests = try [1, 3].map { try StrategyRunTests.run(keyed, ranks: $0).digest }
            #expect(digests[0] == digests[1])
            let free = Self.settings { $0.noiseSource = .system }
            let others = try [2, 2].map { try StrategyRunTests.run(free, ranks: $0).digest }
            #expect(others[0] != others[1])
        }
    }

    /// One step of one client with a rate of 1: w moves by (Σ clipped + z·C·N(0, I)) / L, of which the sum is at most C·L long.
    @Test(arguments: [RunSettings.Sampling.poisson, .shuffle])
    func `A step moves the weights by the noise over the expected batch`(sampling: RunSettings.Sampling) throws {
        let settings = Self.settings {
            ($0.clients, $0.rounds, $0.localSteps, $0.lr, $0.batchSize) = (2, 1, 1, 1, 40)
            ($0.clip, $0.noise, $0.sampling, $0.samplesPerClient) = (1e-6, 1e2, sampling, 100)
        }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let end = try #require(StrategyRunTests.run(settings, ranks: 2).states.last?.weights)
        let moves = zip(end, start).map { Double($0 - $1) / 1e-6 }
        let variance = moves.reduce(0) { $0 + $1 * $1 } / Double(moves.count)
        // Of two clients with as many samples, the mean: each has z·C / L.
        let expected = (100.0 / 40) * (100.0 / 40) / 2
        #expect(abs(variance / expected - 1) < 5 * (2 / Double(moves.count)).squareRoot() + 0.01)
    }

    /// Andrew et al. 2021, theorem 1, with σ_b = 40 / 20: of z = 2 the gradients get (2⁻² − 4⁻²)^−½ = 2.3094.
    @Test func `A clip that adapts leaves a quantile of the gradients as they are, and noise follows it`() throws {
        let settings = Self.settings {
            ($0.clients, $0.rounds, $0.localSteps, $0.lr, $0.batchSize, $0.samplesPerClient) = (1, 1, 1, 1, 40, 120)
            ($0.clip, $0.clipping, $0.noise, $0.sampling) = (1e-3, .adaptive, 2, .shuffle)
        }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        func moved(_ settings: RunSettings) throws -> Double {
            let end = try #require(StrategyRunTests.run(settings, ranks: 1).states.last?.weights)
            return zip(end, start).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        }
        // Forty gradients of 1e-3 and noise of 2.3094e-3 in 7,850 numbers, over forty.
        let expected = 7_850 * (2.3094e-3 / 40) * (2.3094e-3 / 40)
        #expect(abs(try moved(settings) / expected - 1) < 0.1)
        // All gradients are longer: C ← C·exp(0.2·½) in every step, but for the noise of the count.
        var longer = settings
        longer.localSteps = 40
        longer.clipQuantile = 0.5
        longer.lr = 1e-6
        let factor = (try moved(longer) / 1e-12).squareRoot() / expected.squareRoot() / 40.0.squareRoot()
        // The root of the mean of exp(0.1·2t) over forty steps is 18.3.
        #expect((13...26).contains(factor))
    }

    @Test func `Without noise to speak of a step is no longer than the clip`() throws {
        let settings = Self.settings {
            ($0.clients, $0.rounds, $0.localSteps, $0.lr, $0.batchSize) = (1, 1, 1, 1, 40)
            ($0.clip, $0.noise, $0.sampling, $0.samplesPerClient) = (0.01, 1e-3, .shuffle, 100)
        }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let end = try #require(StrategyRunTests.run(settings, ranks: 1).states.last?.weights)
        let length = zip(end, start).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
        // The mean of forty gradients that all are clipped, and point into various directions.
        #expect(length < 0.01 && length > 1e-4)
    }

    @Test func `A Poisson sample has each sample with the probability of the rate`() {
        let samples = [UInt32](0..<1_000)
        let streams = ClientRandomness(RunSettings(), client: 0, round: RoundID(1), samples: 1_000, batch: 50)
        let key = NoiseKey(bytes: [UInt8](repeating: 7, count: 32))
        var batches = SampleBatches(
            samples[...], size: 50, streams, draws: key.keyStream(.batches, client: 3, RoundID(1)))
        var (batch, counts, sizes) = ([UInt32](), [Int](repeating: 0, count: 1_000), [Int]())
        for _ in 0..<2_000 {
            batches.next(into: &batch)
            sizes.append(batch.count)
            for sample in batch { counts[Int(sample)] += 1 }
        }
        // Binomial: sizes of mean 50 and variance 47.5; counts of mean 100 and variance 95.
        let mean = Double(sizes.reduce(0, +)) / 2_000
        let variance = sizes.reduce(0) { $0 + (Double($1) - 50) * (Double($1) - 50) } / 2_000
        #expect(abs(mean - 50) < 4 * (47.5 / 2_000).squareRoot() && abs(variance / 47.5 - 1) < 0.15)
        let spread = counts.reduce(0) { $0 + (Double($1) - 100) * (Double($1) - 100) } / 1_000
        #expect(abs(spread / 95 - 1) < 0.2 && (counts.min() ?? 0) > 55 && (counts.max() ?? 999) < 145)
    }

    @Test func `Shuffled batches have every sample of an epoch once`() {
        let samples = [UInt32](100..<190)
        let streams = ClientRandomness(RunSettings(), client: 0, round: RoundID(1), samples: 90, batch: 40)
        var batches = SampleBatches(samples[...], size: 40, streams, draws: nil)
        var (batch, epoch) = ([UInt32](), [UInt32]())
        for count in [40, 40, 10, 40, 40, 10] {
            batches.next(into: &batch)
            #expect(batch.count == count)
            epoch += batch
        }
        #expect(epoch[..<90].sorted() == samples && epoch[90...].sorted() == samples && epoch[..<90] != epoch[90...])
    }

    /// dp-accounting 0.6.0's PLD: 1.828244 for z = 1, q = 0.01, 1,000 steps, and 7.046603 for q = 0.1, 100 steps, δ = 1e-5.
    @Test func `The run's epsilon is the largest of its clients', each over the rounds that it was asked in`() throws {
        let settings = Self.settings { ($0.batchSize, $0.localSteps, $0.rounds) = (32, 100, 10) }
        let privacy = try #require(try SamplePrivacy(settings, turns: 1, sizes: [3_200, 320]))
        var meter = SampleMeter(privacy, delta: 1e-5, sizes: [3_200, 320])
        for round in 1...10 {
            try meter.endRound(asked: [0])
            if round == 1 { #expect(abs((meter.measurements["epsilon_next"] ?? 0) - 7.046603) < 0.01) }
        }
        #expect(abs((meter.measurements["epsilon"] ?? 0) - 1.828244) < 2e-3)
        try meter.endRound(asked: [1])
        #expect(abs((meter.measurements["epsilon"] ?? 0) - 7.046603) < 0.01)
        let clients = try meter.epsilons()
        #expect(abs((clients[0] ?? 0) - 1.828244) < 2e-3 && abs((clients[1] ?? 0) - 7.046603) < 0.01)
        var restored = SampleMeter(privacy, delta: 1e-5, sizes: [3_200, 320])
        try restored.restoreServerState(meter.serverState)
        let after = try restored.epsilons()
        #expect(after == clients)
        #expect(throws: ConfigurationError.self) { try restored.restoreServerState([1, 2, 3]) }
    }

    /// Without amplification: five passes of z = 2 are one Gaussian of 2 / √5 (Balle, Wang 2018).
    @Test func `Batches of a fixed size count one Gaussian for each pass over the samples`() throws {
        let settings = Self.settings { ($0.batchSize, $0.epochs, $0.noise, $0.sampling) = (32, 5, 2, .shuffle) }
        let privacy = try #require(try SamplePrivacy(settings, turns: 1, sizes: [100]))
        var costs = PrivacyCosts(delta: 1e-5)
        let found = try costs.largest(of: [(privacy.event(holding: 100), 1, 0)])
        // Analytic Gaussian: σ = 0.894427 and δ = 1e-5.
        #expect(abs((found?.epsilon ?? 0) - 4.9833) < 0.005)
    }

    /// Opacus' tests: 1.2915 (PRV) for ε = 8, δ = 1e-5, q = 0.04, 2,000 steps.
    @Test func `Noise is found for a budget`() throws {
        let settings = Self.settings {
            ($0.batchSize, $0.localSteps, $0.rounds, $0.noise, $0.epsilon) = (40, 100, 20, nil, 8)
        }
        let privacy = try #require(try SamplePrivacy(settings, turns: 1, sizes: [1_000, 4_000, 1_000]))
        #expect(abs(privacy.noise - 1.2915) < 3e-3)
    }

    @Test func `A budget ends the run before the round that would pass it`() throws {
        let whole = try StrategyRunTests.run(Self.settings(), ranks: 2)
        let spent = whole.states.compactMap { $0.last?.metrics["epsilon"] }
        #expect(spent.count == 3 && spent == spent.sorted() && spent[0] > 0)
        let short = try StrategyRunTests.run(Self.settings { $0.epsilon = spent[1] + 1e-6 }, ranks: 1)
        #expect(short.states.last?.round == 2)
        #expect(short.states.last?.weights == whole.states[1].weights)
        #expect(short.isBudgetSpent && !whole.isBudgetSpent)
        #expect(whole.clientEpsilons.map(\.client) == Array(0..<6))
        #expect(whole.clientEpsilons.map(\.epsilon).max() == spent.last)
    }

    @Test
    func `Noise that was found for some rounds is not continued with others, and a budget below one round is none`()
        throws
    {
        let found = try StrategyRunTests.run(
            Self.settings { ($0.noise, $0.epsilon, $0.rounds) = (nil, 3, 2) }, ranks: 1)
        var state = try #require(found.states.first)
        state.settings.rounds = 9
        let longer = state
        #expect(throws: (any Error).self) { try StrategyRunTests.run(longer.settings, ranks: 1, from: longer) }
        #expect(throws: ConfigurationError.self) { try Job(Self.settings { $0.epsilon = 0.01 }) }
    }

    @Test(arguments: [
        ("strategy", "mimelite"), ("strategy", "fedsgd"), ("strategy", "ditto"), ("strategy", "fedbuff"),
        ("client-test", "0.1"), ("model", "edgecnn-bn"), ("selection", "oort"), ("precision", "bf16"),
        ("aggregation", "fltrust"),
    ])
    func `What would tell of samples is refused with a reason`(option: String, value: String) throws {
        let settings = Self.settings {
            switch option {
            case "strategy": $0.strategy = value
            case "client-test": $0.clientTest = 0.1
            case "model": $0.model = value
            case "selection": ($0.selection, $0.clientFraction) = (value, 0.5)
            case "precision": $0.precision = .brainFloat
            default: $0.aggregation = value
            }
            if value == "ditto" { $0.clientTest = 0.1 }
        }
        let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
        #expect(error?.line.contains("--privacy dp-sgd does not go with") == true, "\(error?.line ?? "")")
    }
}
