import Datasets
import FedCore
import Foundation
import MPI
import MPITesting
import NeuralNet
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole runs in which clients test what they have, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct EvaluationRunTests {
    final class Recorder: RoundObserver {
        var records: [RoundRecord] = []
        var tables: [ClientAccuracies] = []
        var state: RunState?

        func clientsEvaluated(_ table: ClientAccuracies) { tables.append(table) }
        func roundFinished(_ record: RoundRecord) { records.append(record) }
        func stateReached(round: Int, isLast: Bool, state: () -> RunState) { self.state = state() }
    }

    struct Outcome: Sendable {
        var records: [RoundRecord]
        var tables: [ClientAccuracies]
        var state: RunState?
    }

    static func run(_ settings: RunSettings, ranks: Int, from state: RunState? = nil) throws -> Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            let isServer = communicator.rank == 0
            try Session.run(isServer ? settings : nil, resuming: isServer ? state : nil, on: communicator) { _ in
                [recorder]
            }
            return Outcome(records: recorder.records, tables: recorder.tables, state: recorder.state)
        }[0]
    }

    static func settings(_ strategy: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.strategy = strategy
            $0.model = "edgecnn-small"
            $0.clients = 7
            $0.clientFraction = 0.5
            $0.clientTest = 0.3
            $0.rounds = 4
            $0.evalEvery = 2
            change(&$0)
        }
    }

    @Test(arguments: ["fedavg", "scaffold", "ditto", "fedper"])
    func `The clients find the same at 1, 2 and 4 ranks`(strategy: String) throws {
        let alone = try Self.run(Self.settings(strategy), ranks: 1)
        #expect(alone.tables.map(\.round) == [2, 4])
        for ranks in [2, 4] {
            let spread = try Self.run(Self.settings(strategy), ranks: ranks)
            #expect(spread.tables == alone.tables)
            #expect(spread.records.map(\.clients) == alone.records.map(\.clients))
        }
        let last = try #require(alone.records.last?.clients)
        #expect((last.global == nil) == (strategy == "fedper"))
        #expect((last.personal == nil) == !["ditto", "fedper"].contains(strategy))
        #expect((alone.records.last?.serverAccuracy == nil) == (strategy == "fedper"))
    }

    @Test func `Each client's accuracy is that of the round's weights on its own held-out samples`() throws {
        let settings = Self.settings("fedavg")
        let outcome = try Self.run(settings, ranks: 3)
        let job = try Job(settings)
        let weights = try #require(outcome.state?.weights)
        let table = try #require(outcome.tables.last)
        #expect(table.clients.map(\.client) == (0..<7).filter { job.clientTest.count(of: $0) > 0 })
        let plan = try Plan(job.model, batch: 1, purpose: .inference)
        try plan.load(weights.span)
        for row in table.clients {
            var correct = 0
            for sample in job.clientTest.samples(of: row.client) {
                var labels: [Int32] = [0]
                let wanted = [sample]
                plan.read(wanted.span, of: job.data.train, labels: &labels)
                let truth = labels
                correct += try plan.evaluate(labels: truth.span).correct
            }
            #expect(row.samples == job.clientTest.count(of: row.client))
            #expect(row.globalAccuracy == Double(correct) / Double(row.samples))
        }
        let confusion = try #require(table.globalConfusion)
        #expect(confusion.joined().reduce(0, +) == job.clientTest.sampleCount)
    }

    @Test(arguments: ["ditto", "fedper"]) func `A resumed run finds what the whole one finds`(strategy: String) throws {
        try StrategyRunTests.withFolder { folder in
            let settings = Self.settings(strategy) { $0.evalEvery = 1 }
            let whole = try StrategyRunTests.run(settings, ranks: 3, folder: folder)
            let half = try #require(whole.states.dropLast(2).last)
            let rest = try StrategyRunTests.run(half.settings, ranks: 2, from: half, folder: folder)
            let (first, second) = (try #require(whole.states.last), try #require(rest.states.last))
            #expect(first.last?.clients == second.last?.clients)
            #expect(first.weights == second.weights)
        }
    }

    @Test func `A run stopped before its clients' evaluation makes up for it`() throws {
        let settings = Self.settings("fedavg")
        let whole = try Self.run(settings, ranks: 2)
        var state = try #require(whole.state)
        state.isEvaluated = false
        state.last?.clients = nil
        state.last?.serverAccuracy = nil
        let resumed = try Self.run(settings, ranks: 3, from: state)
        #expect(resumed.records.last?.clients == whole.records.last?.clients)
        #expect(resumed.records.last?.serverAccuracy == whole.records.last?.serverAccuracy)
    }

    @Test func `FedPer's head stays with the clients, and is neither sent nor averaged`() throws {
        let settings = Self.settings("fedper")
        let outcome = try Self.run(settings, ranks: 2)
        let job = try Job(settings)
        let initial = job.model.initialWeights(seed: settings.seed)
        let weights = try #require(outcome.state?.weights)
        // Linear(64, 10) is the end of edgecnn-small: 650 of its 50,890 parameters.
        let (body, head) = (0..<50_240, 50_240..<50_890)
        #expect(Array(weights[head]) == Array(initial[head]))
        #expect(Array(weights[body]) != Array(initial[body]))
        let record = try #require(outcome.records.last)
        let perClient = record.uploadBytes / record.cohort
        #expect(perClient == AnswerFormat(updateFloats: 50_240).slotBytes)
    }

    @Test func `A client's own model helps it on its own data`() throws {
        // Two classes a client: whoever keeps a head of its own need not know the others.
        let skewed: (inout RunSettings) -> Void = {
            $0.partition = "pathological"
            $0.partitionOptions = ["classes": "2"]
            $0.samplesPerClient = 100
            $0.clientFraction = 1
            $0.rounds = 6
        }
        for strategy in ["ditto", "fedper"] {
            let own = try #require(
                try Self.run(Self.settings(strategy, skewed), ranks: 1).records.last?.clients?.personal)
            let fedAvg = try #require(
                try Self.run(Self.settings("fedavg", skewed), ranks: 1).records.last?.clients?.global)
            #expect(own.mean > fedAvg.mean, "\(strategy): \(own.mean) against \(fedAvg.mean)")
        }
    }

    @Test func `A strategy that leaves parameters to the clients needs them to test`() {
        #expect(throws: ConfigurationError.self) { try Job(Self.settings("fedper") { $0.clientTest = 0 }) }
        #expect(throws: ConfigurationError.self) { try Job(Self.settings("fedbn")) }
    }
}
