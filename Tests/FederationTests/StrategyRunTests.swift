import Cryptography
import FedCore
import Foundation
import MPI
import MPITesting
import NeuralNet
import Recording
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs with every strategy of the catalog, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct StrategyRunTests {
    static let names = Strategies.all.map { $0.name }

    static func settings(_ strategy: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.strategy = strategy
            $0.rounds = 4
            $0.clients = 7
            $0.clientFraction = 0.6
            $0.momentum = 0.5
            if ["fedper", "fedbn"].contains(strategy) { $0.clientTest = 0.2 }
            // Its layers have widths.
            if strategy == "depthfl" {
                $0.model = "linear 9, relu as first, linear 10 as exit, linear 9 from first, relu, linear 10, mean exit"
            }
            if ["heterofl", "fedrolex", "fjord"].contains(strategy) { $0.model = "edgecnn-small" }
            if strategy == "fedper" { $0.model = "edgecnn-small" }
            if strategy == "fedmd" {
                ($0.model, $0.widths, $0.clientTest) = ("linear 16, relu, linear", "1,0.5", 0.2)
                $0.strategyOptions = ["public": "20", "start": "1"]
            }
            if strategy == "fedbn" {
                $0.model = "edgecnn-bn"
                $0.rounds = 2
            }
            change(&$0)
        }
    }

    /// How often each client of a job is asked in its rounds, by its cohorts.
    static func turns(in job: Job) throws -> [Int] {
        let source = try CohortSource(job, resuming: nil)
        var turns = [Int](repeating: 0, count: job.settings.clients)
        for round in 1...job.settings.rounds { for client in source.draw(RoundID(round)) { turns[client] += 1 } }
        return turns
    }

    struct Outcome: Sendable {
        var digest: String?
        var states: [RunState] = []
        var losses: [Double] = []
        var isBudgetSpent = false
        var clientEpsilons: [ClientEpsilon] = []
        var faults: [FaultRecord] = []
    }

    final class Recorder: RoundObserver {
        var outcome = Outcome()
        func faulted(_ fault: FaultRecord) { outcome.faults.append(fault) }
        func roundFinished(_ record: RoundRecord) { outcome.losses.append(record.trainLoss ?? .nan) }
        func stateReached(round: Int, isLast: Bool, state: () -> RunState) { outcome.states.append(state()) }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) {
            outcome.digest = weightsDigest(weights)
            outcome.isBudgetSpent = summary.isBudgetSpent
            outcome.clientEpsilons = summary.clientEpsilons
        }
    }

    /// - Parameter folder: for the clients' states.
    static func run(
        _ settings: RunSettings, ranks: Int, from state: RunState? = nil, folder: String = ""
    ) throws -> Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            let timekeeper = Timekeeper(communicator, isOn: false, sink: { _, _ in nil })
            timekeeper.folder = folder
            let isServer = communicator.rank == 0
            try Session.run(
                isServer ? settings : nil, resuming: isServer ? state : nil, on: communicator, timekeeper: timekeeper,
                observers: { _ in [recorder] })
            return recorder.outcome
        }[0]
    }

    static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }

    @Test(arguments: names) func `The weights have the same bits at 1, 2 and 4 ranks`(strategy: String) throws {
        let alone = try Self.run(Self.settings(strategy), ranks: 1)
        #expect(alone.digest != nil)
        let areFinite = alone.losses.allSatisfy { $0.isFinite }
        #expect(areFinite)
        for ranks in [2, 4] {
            #expect(try Self.run(Self.settings(strategy), ranks: ranks).digest == alone.digest, "\(ranks) ranks")
        }
    }

    @Test(arguments: names) func `Every state on the way leads to the same end, at another number of ranks`(
        strategy: String
    ) throws {
        try Self.withFolder { folder in
            let whole = try Self.run(Self.settings(strategy), ranks: 3, folder: folder)
            // From the last to the first: whoever continues writes over what came later.
            for state in whole.states.dropLast().reversed() {
                let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
                let rest = try Self.run(read.settings, ranks: 2, from: read, folder: folder)
                #expect(rest.digest == whole.digest, "after round \(state.round)")
            }
        }
    }

    @Test(arguments: names) func `It learns what FedAvg learns, or its weights differ from FedAvg's`(
        strategy: String
    ) throws {
        let fedAvg = try Self.run(Self.settings("fedavg"), ranks: 1)
        let outcome = try Self.run(Self.settings(strategy), ranks: 1)
        // Ditto's global model is FedAvg's.
        #expect((outcome.digest == fedAvg.digest) == ["fedavg", "ditto"].contains(strategy))
    }

    @Test func `FedProx without its term is FedAvg to the bit`() throws {
        let settings = Self.settings("fedprox") { $0.strategyOptions = ["mu": "0"] }
        #expect(try Self.run(settings, ranks: 2).digest == Self.run(Self.settings("fedavg"), ranks: 2).digest)
    }

    @Test func `FedSGD is FedAvg with one batch, one epoch and no momentum`() throws {
        let batch: (inout RunSettings) -> Void = {
            $0.batchSize = 1000
            $0.momentum = 0
        }
        let sgd = try Self.run(Self.settings("fedsgd", batch), ranks: 1)
        let avg = try Self.run(Self.settings("fedavg", batch), ranks: 1)
        let (first, second) = (try #require(sgd.states.last), try #require(avg.states.last))
        #expect(distance(first.weights, second.weights) < 1e-6)
    }

    @Test func `FedSGD takes the same step whatever the batch its gradient is summed in`() throws {
        let small = try Self.run(Self.settings("fedsgd") { $0.batchSize = 3 }, ranks: 1)
        let large = try Self.run(Self.settings("fedsgd") { $0.batchSize = 1000 }, ranks: 1)
        let (first, second) = (try #require(small.states.last), try #require(large.states.last))
        #expect(distance(first.weights, second.weights) < 1e-5)
    }

    private func distance(_ first: [Float], _ second: [Float]) -> Float {
        zip(first, second).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func `A strategy whose clients keep a state is refused on a wire of sums`() {
        let settings = Self.settings("scaffold") { $0.wire = "reduce" }
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }

    @Test func `What goes beside weights and updates is counted`() throws {
        // SCAFFOLD sends a second vector each way, MimeLite too, q-FedAvg one number up.
        func bytes(_ strategy: String) throws -> (up: Int, down: Int) {
            let record = try #require(try Self.run(Self.settings(strategy), ranks: 2).states.last?.last)
            return (record.uploadBytes / record.cohort, record.downloadBytes / record.cohort)
        }
        let plain = try bytes("fedavg")
        let vector = 7850 * 4
        let scaffold = try bytes("scaffold")
        #expect(abs(scaffold.up - plain.up - vector) < 64 && scaffold.down - plain.down == vector)
        #expect(try bytes("feddyn") == plain)
        #expect(try bytes("qfedavg").up - plain.up <= 64)
    }
}

/// Running statistics of batch normalisation are averaged, whatever the strategy does to the weights.
@Suite(.tags(.wholeRun), .unlessQuick) struct StatisticsRunTests {
    /// The statistics after one round of a strategy.
    static func statistics(
        _ strategy: String, _ options: NamedOptions = [:], serverLr: Float = 1, ranks: Int = 1,
        _ change: (inout RunSettings) -> Void = { _ in }
    ) throws -> [Float] {
        let settings = SessionTests.settings {
            change(&$0)
            $0.strategy = strategy
            $0.strategyOptions = options
            $0.model = "edgecnn-bn"
            $0.rounds = 1
            $0.momentum = 0
            $0.serverLr = serverLr
        }
        let weights = try #require(StrategyRunTests.run(settings, ranks: ranks).states.first?.weights)
        return try Job(settings).model.parameterLayout.ranges { $0.role == .statistic }.flatMap { weights[$0] }
    }

    @Test func `No step of the server scales them`() throws {
        let averaged = try Self.statistics("fedavg")
        #expect(averaged.count == 96)
        #expect(try Self.statistics("fedavg", serverLr: 3) == averaged)
        #expect(try Self.statistics("fedadam", ["server-lr": "0.5"]) == averaged)
        #expect(try Self.statistics("fednova") == averaged)
    }

    /// The pass that finds a gradient before the training is none of training's steps.
    @Test func `A pass for the gradient does not move them`() throws {
        let equal: (inout RunSettings) -> Void = { $0.partition = "iid" }
        let averaged = try Self.statistics("fedavg", [:], equal)
        #expect(try Self.statistics("mimelite", ["beta": "0"], equal) == averaged)
        for wire in ["gatherv", "reduce"] {
            let fair = try Self.statistics("qfedavg", ["q": "0"], ranks: 3) {
                equal(&$0)
                $0.wire = wire
            }
            // Clients weigh 1, and not 25.
            #expect(zip(fair, averaged).allSatisfy { abs($0 - $1) < 1e-6 })
        }
        // Clients weigh the same in them, whatever their loss does to the step.
        let scaled = try Self.statistics("qfedavg", ["q": "5"], equal)
        #expect(zip(scaled, averaged).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// Late changes of variances, one client's after the other, would add up to negative ones.
    @Test(arguments: ["fedbuff", "fedasync"]) func `Late clients leave variances positive`(strategy: String) throws {
        let settings = SessionTests.settings {
            $0.strategy = strategy
            if strategy == "fedbuff" { $0.strategyOptions = ["buffer": "2"] }
            $0.model = "edgecnn-bn"
            $0.rounds = 12
            $0.epochs = 4
            $0.deviceSpeed = 100
            $0.deviceSpread = 1
        }
        let states = try StrategyRunTests.run(settings, ranks: 1).states
        let staleness = states.compactMap { $0.last?[.stalenessMax] }.max()
        #expect(try #require(staleness) > 1)
        let layout = try Job(settings).model.parameterLayout
        for entry in layout.entries where entry.name.hasSuffix("running_var") {
            let variances = states.flatMap { state in entry.range.map { state.weights[$0] } }
            let areSound = variances.allSatisfy { $0.isFinite && $0 >= 0 }
            #expect(areSound, "\(variances.min() ?? .nan)")
        }
    }
}
