import FedCore
import Foundation
import NeuralNet
import Testing

@testable import Experiments
@testable import Records
@testable import Runtime

@Suite struct DistillPlanTests {
    private func plan(
        _ students: [String], seeds: [UInt64]? = nil, hasBaseline: Bool = true, in results: URL,
        _ change: (inout RunSettings) -> Void = { _ in }
    ) throws -> DistillPlan {
        let teacher = results.appendingPathComponent("teacher")
        try FileManager.default.createDirectory(at: teacher, withIntermediateDirectories: true)
        let trained = TrainedModel(.edgeCNNSmall, weights: Model.edgeCNNSmall.initialWeights(seed: 1))
        try Data(trained.encoded()).write(to: teacher.appendingPathComponent("model.safetensors"))
        var settings = RunSettings()
        settings.dataset = "synthetic"
        settings.samplesPerClient = 20
        settings.distil(from: teacher.path, temperature: nil, hardWeight: 0.25)
        change(&settings)
        return try DistillPlan(
            settings, students: students, seeds: seeds, hasBaseline: hasBaseline,
            RunOutputs.Choice(results: results.path, name: "d"), isTimed: true, stop: StopFlag())
    }

    private let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    @Test func `Each student is the teacher of the next, with its own seed, and has a run without`() throws {
        let plan = try plan(["logistic", "edgecnn-medium"], seeds: [1, 2], in: results)
        #expect(
            plan.runs.map(\.name) == [
                "d-logistic-seed1", "d-logistic-scratch-seed1", "d-edgecnn-medium-seed1",
                "d-edgecnn-medium-scratch-seed1", "d-logistic-seed2", "d-logistic-scratch-seed2",
                "d-edgecnn-medium-seed2", "d-edgecnn-medium-scratch-seed2",
            ])
        #expect(plan.waiting == plan.runs)
        let settings = plan.runs.map(\.settings)
        #expect(settings.map(\.seed) == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(settings[6].teacher?.hasSuffix("/d-logistic-seed2") == true)
        #expect(settings[0].teacher?.hasSuffix("/teacher") == true)
        #expect(settings[2].hardWeight == 0.25 && settings[2].temperature == RunSettings.defaultTemperature)
        // The same but for the teacher.
        for place in [1, 3, 5, 7] {
            var distilled = settings[place - 1]
            distilled.distil(from: nil, temperature: nil, hardWeight: nil)
            #expect(settings[place] == distilled)
        }
        let alone = try self.plan(["logistic"], hasBaseline: false, in: results.appendingPathComponent("alone"))
        #expect(alone.runs.map(\.name) == ["d-logistic"] && alone.runs[0].settings.seed == 42)
    }

    @Test func `What cannot be is refused before anything is written`() throws {
        let cases: [(students: [String], seeds: [UInt64]?, change: (inout RunSettings) -> Void)] = [
            (["nothing"], nil, { _ in }), (["logistic"], [1, 1], { _ in }), (["logistic", "logistic"], nil, { _ in }),
            (["logistic"], nil, { $0.teacher = "/nowhere" }), (["logistic"], nil, { $0.temperature = -1 }),
            (["logistic"], nil, { $0.strategy = "fedbn" }),
            (
                ["logistic"], nil,
                {
                    $0.strategy = "fedper"
                    $0.clientTest = 0.5
                }
            ),
        ]
        for (students, seeds, change) in cases {
            #expect(throws: ConfigurationError.self) { try plan(students, seeds: seeds, in: results, change) }
            #expect(!FileManager.default.fileExists(atPath: results.appendingPathComponent("d").path))
        }
    }
}
