import FedCore
import NeuralNet
import Runtime
import Testing

@testable import Federation
@testable import Records

/// Steps, rates and clipping of the clients' training, over whole runs.
@Suite struct LocalWorkTests {
    static func digest(_ change: (inout RunSettings) -> Void) throws -> String? {
        try SessionTests.run(
            SessionTests.settings {
                $0.partition = "iid"
                change(&$0)
            }, ranks: 1
        ).digest
    }

    @Test func `As many local steps as an epoch has are that epoch`() throws {
        // 25 samples in batches of 10 are three steps; two epochs are six.
        #expect(try Self.digest { $0.localSteps = 3 } == Self.digest { $0.epochs = 1 })
        #expect(try Self.digest { $0.localSteps = 6 } == Self.digest { $0.epochs = 2 })
        #expect(try Self.digest { $0.localSteps = 4 } != Self.digest { $0.epochs = 1 })
    }

    @Test func `The work of local steps counts the smaller last batch`() throws {
        let job = try Job(
            SessionTests.settings {
                $0.localSteps = 7
                $0.batchSize = 10
            })
        // 25 samples: 10, 10, 5, again, and 10.
        #expect(job.trainedSamples(holding: 25) == 60)
        #expect(job.trainedSamples(holding: 0) == 0)
    }

    @Test func `Clients that do not train are still spread over the ranks`() throws {
        let job = try Job(SessionTests.settings { $0.epochs = 0 })
        let assignment = Assignment(cohort: Array(0..<6), workers: 3) { ClientTask.training.cost($0, job) }
        #expect(assignment.clientsOfWorker.allSatisfy { !$0.isEmpty })
    }

    @Test func `What a strategy of one step a round cannot do is refused`() {
        let settings = SessionTests.settings {
            $0.strategy = "fedsgd"
            $0.localSteps = 3
        }
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }

    @Test func `A schedule is another rate in a later round`() throws {
        let scheduled = SessionTests.settings {
            $0.rounds = 2
            $0.lrSchedule = "step"
            $0.lrScheduleOptions = ["every": "1", "factor": "0.5"]
        }
        let plain = SessionTests.settings { $0.rounds = 2 }
        var first = try StrategyRunTests.run(plain, ranks: 1).states[0]
        first.settings.lr = plain.lr / 2
        let byHand = try StrategyRunTests.run(first.settings, ranks: 1, from: first)
        #expect(try SessionTests.run(scheduled, ranks: 2).digest == byHand.digest)
    }

    /// One client, one step from the same weights: the change is −η·g.
    static func change(_ change: (inout RunSettings) -> Void) throws -> [Float] {
        let settings = SessionTests.settings {
            $0.rounds = 1
            $0.clients = 1
            $0.localSteps = 1
            $0.momentum = 0
            change(&$0)
        }
        let start = try Job(settings).model.initialWeights(seed: settings.seed)
        let end = try StrategyRunTests.run(settings, ranks: 1).states[0].weights
        return zip(end, start).map { $0 - $1 }
    }

    @Test func `A gradient is cut to its norm, and one below it is left alone`() throws {
        let free = try Self.change { _ in }
        let norm = free.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() / Double(RunSettings().lr)
        let cut = try Self.change { $0.clipGradients = Float(norm / 4) }
        for (cut, free) in zip(cut, free) { #expect(abs(cut - free / 4) < 1e-6) }
        #expect(try Self.change { $0.clipGradients = Float(norm * 1.01) } == free)
    }

    @Test func `The server's rate scales the step`() throws {
        let free = try Self.change { _ in }
        let doubled = try Self.change { $0.serverLr = 2 }
        for (doubled, free) in zip(doubled, free) { #expect(abs(doubled - 2 * free) < 1e-6) }
    }
}
