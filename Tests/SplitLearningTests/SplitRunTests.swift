import FedCore
import Federation
import Foundation
import MPITesting
import SplitLearning
import TestSupport
import Testing

@testable import Records

/// Whole runs of split training.
@Suite(.tags(.wholeRun), .unlessQuick) struct SplitRunTests {
    static let parts = RunSettings.ServerPart.allCases

    /// The models of the catalog that have a cut, with it.
    static let models = [
        ("edgecnn-small", 3), ("edgecnn-medium", 6), ("edgecnn-large", 9), ("edgecnn-bn", 11), ("simplecnn", 9),
    ]

    @Test(arguments: parts, models)
    func `One device ends with the weights and losses of unsplit training, to the bit`(
        part: RunSettings.ServerPart, model: (name: String, cut: Int)
    ) throws {
        let change: (inout RunSettings) -> Void = {
            $0.clients = 1
            $0.model = model.name
            $0.epochs = 2
            $0.weightDecay = 0.001
        }
        let whole = try Runs.train(Runs.settings(nil, change), ranks: 1)
        let settings = Runs.settings(part) {
            change(&$0)
            $0.cut = model.cut
        }
        let split = try Runs.splitTrain(settings, ranks: 2)
        #expect(whole.digest != nil && split.digest == whole.digest)
        #expect(split.records.map(\.trainLoss) == whole.records.map(\.trainLoss))
        #expect(split.records.map(\.samples) == whole.records.map(\.samples))
    }

    @Test(arguments: parts)
    func `Local steps end a device's turn where they end it unsplit`(part: RunSettings.ServerPart) throws {
        let change: (inout RunSettings) -> Void = {
            $0.clients = 1
            $0.localSteps = 5
        }
        let whole = try Runs.train(Runs.settings(nil, change), ranks: 1)
        #expect(try Runs.splitTrain(Runs.settings(part, change), ranks: 1).digest == whole.digest)
    }

    @Test func `A copy of the server's part for each client is FedAvg, to the bit`() throws {
        let change: (inout RunSettings) -> Void = { $0.clientFraction = 0.6 }
        let whole = try Runs.train(Runs.settings(nil, change), ranks: 1)
        #expect(try Runs.splitTrain(Runs.settings(.perClient, change), ranks: 3).digest == whole.digest)
    }

    @Test(arguments: parts)
    func `Weights, losses and bytes are the same at 1, 2, 3 and 6 ranks`(part: RunSettings.ServerPart) throws {
        let settings = Runs.settings(part) {
            $0.samplesPerClient = 60
            $0.alpha = 0.3
        }
        let alone = try Runs.splitTrain(settings, ranks: 1)
        #expect(alone.digest != nil)
        for ranks in [2, 3, 6] {
            let outcome = try Runs.splitTrain(settings, ranks: ranks)
            #expect(outcome.digest == alone.digest, "\(ranks) ranks")
            #expect(outcome.records.map(\.trainLoss) == alone.records.map(\.trainLoss))
            #expect(outcome.records.map(\.uploadBytes) == alone.records.map(\.uploadBytes))
            #expect(outcome.records.map(\.downloadBytes) == alone.records.map(\.downloadBytes))
        }
    }

    @Test(arguments: parts)
    func `Dropout draws the same masks at any number of ranks`(part: RunSettings.ServerPart) throws {
        let settings = Runs.settings(part) {
            $0.model = "simplecnn"
            $0.cut = 9
            $0.clients = 3
            $0.rounds = 1
        }
        #expect(try Runs.splitTrain(settings, ranks: 1).digest == Runs.splitTrain(settings, ranks: 3).digest)
    }

    @Test(arguments: parts)
    func `A run goes on from its state to the same end, at another number of ranks`(
        part: RunSettings.ServerPart
    ) throws {
        let settings = Runs.settings(part) { $0.rounds = 3 }
        let whole = try Runs.splitTrain(settings, ranks: 3)
        let state = try #require(whole.states.first { $0.round == 1 })
        #expect(try Runs.splitTrain(state.settings, ranks: 2, from: state).digest == whole.digest)
    }

    @Test func `The server's one part learns from other clients within a round`() throws {
        let shared = try Runs.splitTrain(Runs.settings(.shared), ranks: 1)
        let copies = try Runs.splitTrain(Runs.settings(.perClient), ranks: 1)
        #expect(shared.digest != copies.digest)
    }

    @Test func `Bytes are those of the messages, by hand`() throws {
        let settings = Runs.settings(.shared) {
            $0.clients = 1
            $0.rounds = 1
        }
        let record = try #require(try Runs.splitTrain(settings, ranks: 2).records.first)
        // 25 samples in batches of 10, 10 and 5; 64 features; the device's part has 784·64 + 64 parameters.
        let part = 4 * (784 * 64 + 64)
        #expect(record.uploadBytes == 3 * 64 + 25 * 4 * (64 + 1) + 64 + part)
        #expect(record.downloadBytes == 64 + part + 4 + 3 * 64 + 25 * 4 * 64)
    }

    @Test(arguments: [("nan", "not a finite number"), ("corrupt", "checksum")])
    func `A device that sends nonsense is left out, and the round goes on`(
        fault: (kind: String, reason: String)
    ) throws {
        let settings = Runs.settings(.shared) { $0.inject = ["\(fault.kind):rank=2@round=1"] }
        let outcome = try Runs.splitTrain(settings, ranks: 6)
        #expect(outcome.records.map(\.rejected) == [1, 0])
        #expect(outcome.records.map(\.participants) == [4, 5])
        let reason = try #require(outcome.rejected.first?.reason)
        #expect(reason.contains(fault.reason), "\(reason)")
        #expect(outcome.digest != nil)
    }

    @Test(arguments: parts)
    func `A damaged message ends the round for those it may be of, though the rank has other clients`(
        part: RunSettings.ServerPart
    ) throws {
        let settings = Runs.settings(part) { $0.inject = ["corrupt:rank=2@round=1"] }
        let outcome = try Runs.splitTrain(settings, ranks: 3)
        // Rank 2 has two or three of the five clients.
        let rejected = try #require(outcome.records.first).rejected
        #expect((1...3).contains(rejected))
        #expect(outcome.records.map(\.participants) == [5 - rejected, 5])
        #expect(outcome.rejected.first?.reason?.contains("checksum") == true)
        #expect(outcome.digest != nil)
    }

    @Test func `What makes no sense when a model is split is refused, by name`() {
        let settings = Runs.settings(.shared) {
            $0.strategy = "fedprox"
            $0.clientTest = 0.1
        }
        let error = #expect(throws: ConfigurationError.self) { try Runs.splitTrain(settings, ranks: 2) }
        #expect(error?.description.contains("--strategy, --client-test") == true)
    }

    @Test(arguments: [0, 4, 99])
    func `A cut that leaves a side without layers is refused`(cut: Int) {
        let settings = Runs.settings(.shared) { $0.cut = cut }
        let error = #expect(throws: ConfigurationError.self) { try Runs.splitTrain(settings, ranks: 2) }
        #expect(error?.description.contains("1 to 3") == true)
    }

    @Test func `A model without a cut of its own needs one`() {
        let settings = Runs.settings(.shared) {
            $0.model = "logistic"
            $0.cut = nil
        }
        #expect(throws: ConfigurationError.self) { try Runs.splitTrain(settings, ranks: 1) }
    }

    @Test func `Devices without parameters of their own train with the server`() throws {
        let settings = Runs.settings(.shared) {
            $0.model = "logistic"
            $0.cut = 1
            $0.clients = 1
        }
        let whole = Runs.settings(nil) {
            $0.model = "logistic"
            $0.clients = 1
        }
        #expect(try Runs.splitTrain(settings, ranks: 2).digest == Runs.train(whole, ranks: 1).digest)
    }

    @Test func `A run of one kind does not go on as the other`() throws {
        let split = Runs.settings(.shared)
        #expect(throws: ConfigurationError.self) { try Runs.train(split, ranks: 1) }
        #expect(throws: ConfigurationError.self) { try Runs.splitTrain(Runs.settings(nil), ranks: 1) }
    }
}
