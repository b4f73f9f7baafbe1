import Datasets
import Devices
import FedCore
import NeuralNet
import Recording
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs whose clients exchange class scores; the strategies' contract tests run over FedMD, too.
@Suite(.tags(.wholeRun), .unlessQuick) struct ScoreRunTests {
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        StrategyRunTests.settings("fedmd") {
            ($0.rounds, $0.clientFraction, $0.evalEvery) = (3, 1, 1)
            change(&$0)
        }
    }

    /// What a client of a job says in its first round, and the state that it keeps.
    private static func firstTurn(_ job: Job, _ client: Int) throws -> (said: [Float], state: [Float]) {
        let trainer = try ClientTrainer(job, Timeline(isOn: false))
        var slot = [Float](repeating: 0, count: job.vectors.slot)
        var span = slot.mutableSpan
        let down = [Float](repeating: 0, count: job.vectors.down)
        let result = try trainer.train(
            client: client, samples: job.partition.samples(of: client), round: RoundID(1), down: down.span, slot: &span
        ) { _ in true }
        #expect(result.status == .complete && result.samples == job.partition.count(of: client))
        return (Array(slot[..<job.vectors.up]), Array(slot[job.vectors.up...]))
    }

    @Test func `The consensus is the plain mean of what the clients say`() throws {
        let settings = Self.settings { $0.rounds = 1 }
        let job = try Job(settings)
        let said = try (0..<7).map { try Self.firstTurn(job, $0).said }
        let consensus = try #require(StrategyRunTests.run(settings, ranks: 2).states.last?.weights)
        #expect(consensus.count == 20 * 10)
        for i in consensus.indices {
            let mean = said.reduce(0) { $0 + Double($1[i]) } / 7
            #expect(abs(Double(consensus[i]) - mean) < 1e-6)
        }
        // Or by samples, which the clients have unequally many of.
        let weighted = Self.settings {
            $0.rounds = 1
            $0.strategyOptions = ["public": "20", "start": "1", "weights": "samples"]
        }
        let other = try #require(StrategyRunTests.run(weighted, ranks: 2).states.last?.weights)
        let counts = (0..<7).map { Double(job.partition.count(of: $0)) }
        for i in other.indices {
            let sum = zip(said, counts).reduce(0) { $0 + Double($1.0[i]) * $1.1 }
            #expect(abs(Double(other[i]) - sum / counts.reduce(0, +)) < 1e-6)
        }
    }

    @Test func `What a client says is its kept model's score of the public samples`() throws {
        let job = try Job(Self.settings())
        let scores = try #require(job.scores)
        #expect(scores.publicSamples.count == 20)
        let (said, state) = try Self.firstTurn(job, 3)
        let width = scores.own(3)
        #expect(scores.hasBegun(state.span) && !scores.hasBegun([Float](repeating: 0, count: state.count).span))
        let model = scores.models[width]
        let weights = scores.weights(width: width, state: state.span, seed: job.settings.seed)
        let plan = try Plan(model, batch: 1, purpose: .inference)
        try plan.load(weights.span)
        var labels: [Int32] = [0]
        for (row, sample) in scores.publicSamples.enumerated() {
            plan.read([sample].span, of: job.data.train, labels: &labels)
            try plan.forward(1)
            let own = plan.withOutput { output in (0..<10).map { output[$0] } }
            for (j, score) in own.enumerated() { #expect(abs(said[row * 10 + j] - score) < 1e-4) }
        }
    }

    @Test func `Public samples are nobody's, and the same on every rank`() throws {
        let job = try Job(Self.settings())
        let shared = Set(try #require(job.scores).publicSamples)
        for client in 0..<7 {
            #expect(shared.isDisjoint(with: job.partition.samples(of: client)))
            #expect(shared.isDisjoint(with: job.clientTest.samples(of: client)))
        }
        #expect(try Job(Self.settings()).scores?.publicSamples == job.scores?.publicSamples)
        #expect(try Job(Self.settings { $0.seed = 7 }).scores?.publicSamples != job.scores?.publicSamples)
    }

    @Test func `Scores cross and no weights, whatever the models, and each width has its accuracy`() throws {
        let run = try StrategyRunTests.run(Self.settings(), ranks: 3)
        let record = try #require(run.states.last?.last)
        // 20 samples of 10 classes, and an envelope.
        #expect(record.uploadBytes / record.cohort - 800 < 100 && record.uploadBytes / record.cohort >= 800)
        let clients = try #require(record.clients?.personal)
        let job = try Job(Self.settings())
        let scores = try #require(job.scores)
        #expect(Set((0..<7).map { scores.own($0) }) == [0, 1])
        var sum = 0.0
        for (width, metric) in scores.metrics.enumerated() {
            let count = (0..<7).count { scores.own($0) == width }
            sum += try #require(record[metric]) * Double(count)
        }
        #expect(scores.metrics.map(\.name) == ["accuracy_width_1_0", "accuracy_width_0_5"])
        #expect(abs(sum / 7 - clients.mean) < 1e-9)
        #expect(record.serverAccuracy == nil)
    }

    @Test(arguments: ["plain", "median", "compress", "signs", "fleet"])
    func `Rules, codecs, attacks and fleets see scores as they see weights, at any number of ranks`(
        kind: String
    ) throws {
        let settings = Self.settings {
            switch kind {
            case "median": $0.aggregation = "median"
            case "compress": $0.compress = "topk 20% | int8"
            case "signs": ($0.attack, $0.attackers, $0.aggregation) = ("sign-flip", 2, "median")
            case "fleet": ($0.fleet, $0.roundEvery) = ("f; phone memory-kb=200; board memory-kb=90", 3_600)
            default: $0.strategyOptions = ["public": "20", "digest": "2", "start": "0"]
            }
        }
        try StrategyRunTests.withFolder { folder in
            let alone = try StrategyRunTests.run(settings, ranks: 1)
            #expect(alone.digest != nil)
            let whole = try StrategyRunTests.run(settings, ranks: 4, folder: folder)
            #expect(whole.digest == alone.digest)
            let saved = try #require(whole.states.first)
            #expect(try StrategyRunTests.run(settings, ranks: 2, from: saved, folder: folder).digest == alone.digest)
        }
    }

    @Test func `Learning the consensus brings clients' scores nearer to it`() throws {
        func spread(_ digest: String) throws -> Double {
            let settings = Self.settings {
                ($0.lr, $0.epochs, $0.widths) = (0.05, 1, "1")
                $0.strategyOptions = ["public": "60", "start": "3", "digest": digest]
                ($0.samplesPerClient, $0.rounds) = (40, 4)
            }
            return try #require(StrategyRunTests.run(settings, ranks: 2).states.last?.last?.clients?.personal).mean
        }
        // Clients hold few samples of few classes: what the others say of the public ones helps.
        #expect(try spread("4") >= spread("0"))
    }

    @Test func `A fleet's classes have the width that they can train`() throws {
        let settings = Self.settings { $0.fleet = "f; phone width=0.5; board" }
        let job = try Job(settings)
        let scores = try #require(job.scores)
        for client in 0..<7 {
            #expect(scores.own(client) == (job.fleet?.deviceClass(of: client).name == "phone" ? 1 : 0))
            // The digest is part of the turn: 20 public samples, and an epoch of its own.
            #expect(job.trainedSamples(holding: 10) == 20 + 10 * settings.epochs)
        }
    }

    @Test(arguments: [
        "teacher", "augment", "freeze", "local-steps", "label-flip", "public", "client-test", "wire", "smoothing",
        "narrow", "widths",
    ]) func `What is of weights is refused`(what: String) throws {
        let settings = Self.settings {
            switch what {
            case "teacher": $0.teacher = "nowhere.safetensors"
            case "augment": $0.augment = "crop 2"
            case "freeze": $0.freeze = "0.*"
            case "local-steps": $0.localSteps = 3
            case "label-flip": ($0.attack, $0.attackers) = ("label-flip", 2)
            case "public": $0.strategyOptions = ["public": "100000"]
            case "client-test": $0.clientTest = 0
            case "wire": $0.wire = "reduce"
            case "smoothing": $0.lossOptions = ["label-smoothing": "0.1"]
            case "narrow": $0.model = "resnet18"
            default: ($0.strategy, $0.strategyOptions, $0.clientTest) = ("fedavg", [:], 0)
            }
        }
        let error = #expect(throws: ConfigurationError.self) { try Job(settings) }
        #expect(error?.description.contains("\n") == false)
    }
}
