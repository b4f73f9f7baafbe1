import FedCore
import Federation
import Foundation
import MPI
import MPITesting
import NeuralNet
import Recording
import TestSupport
import Testing

@testable import Records

/// Runs that distil, with ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct DistillationRunTests {
    /// A teacher's file, which goes with its owner.
    final class TeacherFile {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("teacher-\(UUID().uuidString)")

        init(_ model: Model = .edgeCNNSmall, change: (inout [Float]) -> Void = { _ in }) throws {
            var weights = model.initialWeights(seed: 99)
            change(&weights)
            try Data(TrainedModel(model, weights: weights).encoded()).write(to: url)
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private let teacher: TeacherFile

    init() throws {
        teacher = try TeacherFile()
    }

    private func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        ResumeTests.settings {
            $0.distil(from: teacher.url.path, temperature: 3, hardWeight: 0.25)
            change(&$0)
        }
    }

    @Test(arguments: ["fedavg", "scaffold", "mimelite", "fedsgd", "ditto", "fedbuff"])
    func `A run that distils gives the same bits on 1, 2, 3 and 5 ranks`(strategy: String) throws {
        let settings = settings {
            $0.strategy = strategy
            if strategy == "fedbuff" { $0.deviceSpeed = 100 }
            if strategy == "ditto" { $0.clientTest = 0.2 }
            $0.rounds = 3
        }
        let alone = try ResumeTests.run(settings, ranks: 1)[0]
        #expect(alone.digest != nil)
        for ranks in [2, 3, 5] {
            let run = try ResumeTests.run(settings, ranks: ranks)[0]
            #expect(run.digest == alone.digest)
            #expect(run.records.map(\.trainLoss) == alone.records.map(\.trainLoss))
        }
    }

    @Test func `With the labels' weight at 1 a run has the bits and the losses of one without a teacher`() throws {
        let plain = try ResumeTests.run(ResumeTests.settings(), ranks: 2)[0]
        let taught = try ResumeTests.run(settings { $0.hardWeight = 1 }, ranks: 3)[0]
        #expect(taught.digest == plain.digest && plain.digest != nil)
        #expect(taught.records.map(\.trainLoss) == plain.records.map(\.trainLoss))
    }

    @Test func `Temperature, weight and teacher change what is learnt`() throws {
        let other = try TeacherFile { $0[0] += 1 }
        let digests = try [
            settings(), settings { $0.temperature = 2 }, settings { $0.hardWeight = 0.5 },
            settings { $0.teacher = other.url.path }, ResumeTests.settings(),
        ].map { try #require(try ResumeTests.run($0, ranks: 1)[0].digest) }
        #expect(Set(digests).count == 5)
    }

    @Test func `A student comes to say what its teacher says, whatever the labels`() throws {
        // A linear teacher with random weights: nothing that the labels tell.
        let linear = try TeacherFile(.logistic) { weights in for i in weights.indices { weights[i] *= 20 } }
        let settings = settings {
            $0.distil(from: linear.url.path, temperature: 2, hardWeight: 0)
            $0.rounds = 8
            $0.samplesPerClient = 100
            $0.partition = "iid"
            $0.clientFraction = 1
            $0.lr = 0.01
        }
        let losses = try ResumeTests.run(settings, ranks: 2)[0].records.compactMap(\.trainLoss)
        #expect(losses.count == 8)
        #expect(losses[7] < losses[0] * 0.5, "\(losses)")
    }

    @Test func `A run that distils goes on, at other ranks, with the bits of the undisturbed one`() throws {
        let whole = try ResumeTests.run(settings(), ranks: 2)[0]
        let stopped = try ResumeTests.run(settings(), ranks: 3, stopAfter: 3)
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(try #require(stopped[0].stopped)))).state
        #expect(state.teacherDigest != nil)
        for ranks in [1, 4] {
            #expect(try ResumeTests.run(state.settings, from: state, ranks: ranks)[0].digest == whole.digest)
        }
    }

    /// What every rank is told.
    private func refusals(_ settings: RunSettings, resuming state: RunState? = nil) throws -> [String?] {
        try ThreadRanks.run(3) { communicator in
            let isServer = communicator.rank == 0
            do {
                try Session.run(isServer ? settings : nil, resuming: isServer ? state : nil, on: communicator) { _ in []
                }
                return nil
            } catch let error as ConfigurationError {
                return error.description
            }
        }
    }

    @Test func `A run does not go on with another teacher`() throws {
        let other = try TeacherFile { $0[5] += 1 }
        var state = try #require(try ResumeTests.run(settings(), ranks: 1)[0].states.first)
        state.settings.teacher = other.url.path
        let withOther = try refusals(state.settings, resuming: state)
        #expect(withOther.allSatisfy { $0?.contains("is not the one") == true })
        state.settings.distil(from: nil, temperature: nil, hardWeight: nil)
        let without = try refusals(state.settings, resuming: state)
        #expect(without.allSatisfy { $0?.contains("is not the one") == true })
    }

    @Test func `Teachers and settings that cannot be are refused on every rank alike`() throws {
        let broken = try TeacherFile { $0[7] = .nan }
        let cases: [(says: String, settings: RunSettings)] = [
            ("cannot read the model", settings { $0.teacher = "/nowhere" }),
            ("is NaN", settings { $0.teacher = broken.url.path }),
            ("--temperature", settings { $0.temperature = 0 }),
            ("--temperature", settings { $0.temperature = .infinity }),
            ("--hard-weight", settings { $0.hardWeight = 1.5 }),
            ("--hard-weight", settings { $0.hardWeight = -0.1 }),
            ("--teacher", settings { $0.teacher = nil }),
        ]
        for (says, settings) in cases {
            let refusals = try refusals(settings)
            #expect(refusals.allSatisfy { $0?.contains(says) == true }, "\(says)")
        }
    }

    @Test func `A teacher of other images or classes is refused`() {
        let large = Model(name: "large", input: [3, 32, 32], classes: 10, layers: [Flatten(), Linear(3072, 10)])
        let many = Model(name: "many", input: [1, 28, 28], classes: 12, layers: [Flatten(), Linear(784, 12)])
        for model in [large, many] {
            let teacher = TrainedModel(model, weights: model.initialWeights(seed: 1))
            let error = #expect(throws: ConfigurationError.self) { try Job(settings(), teacher: teacher) }
            #expect(error?.description.contains("a \(model.name), takes") == true)
        }
    }
}
