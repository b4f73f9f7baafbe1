import FedCore
import NeuralNet
import ONNX
import Testing

/// Models that are exported and read again.
struct ONNXRoundTripTests {
    private static let samples = 3

    @Test func `the graphs are found, and every kind of layer is exported`() {
        #expect(ExportedModels.graphs.count == 18)
        #expect(Set(ExportedModels.all.map(\.name)).count == ExportedModels.all.count)
        for kind in LayerKinds.all {
            let isThere = (ExportedModels.layers + ExportedModels.graphs).contains { model in
                model.text.split { " ,:".contains($0) }.contains { $0 == kind.name }
            }
            #expect(isThere, "no text has '\(kind.name)'")
        }
    }

    @Test(arguments: ExportedModels.all.map(\.name))
    func `a model that was exported and read again has its keys and gives its scores`(name: String) throws {
        let model = try #require(ExportedModels.named(name))
        let trained = ExportedModels.trained(model)
        let network = try ONNXImport(decoding: try ONNXFile.encoded(Variant(trained)), name: "again")
        #expect(network.form == model.form)
        let again = try network.text.model(for: network.form)
        let weights = try network.weights(for: again)
        func keyed(_ trained: TrainedModel) -> [String: [Float]] {
            let entries = trained.model.parameterLayout.entries
            return Dictionary(entries.map { ($0.name, Array(trained.weights[$0.range])) }) { first, _ in first }
        }
        let read = TrainedModel(again, weights: weights)
        #expect(keyed(read) == keyed(trained))
        let samples = ExportedModels.samples(of: model, Self.samples)
        let expected = try ExportedModels.scores(Variant(trained), samples, Self.samples)
        let scores = try ExportedModels.scores(Variant(read), samples, Self.samples)
        let largest = expected.map(abs).max() ?? 0
        let difference = zip(scores, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(scores.count == expected.count && difference <= 1e-6 * max(1, largest), "\(difference)")
        // What trains it goes on as before.
        #expect(again.trainedParameterCount == model.trainedParameterCount)
        for layer in model.layers {
            guard let layer = layer as? BatchNorm2D else { continue }
            #expect(
                again.layers.contains {
                    guard let other = $0 as? BatchNorm2D else { return false }
                    return other.channels == layer.channels && abs(other.momentum - layer.momentum) < 1e-6
                })
        }
    }

    @Test(.enabled(if: ONNXRuntime.python != nil))
    func `onnxruntime gives the scores of every model, from constants with PyTorch's keys`() throws {
        let models = ExportedModels.all
        let differences = try ONNXRuntime.differences(
            models.map { Variant(ExportedModels.trained($0)) }, samples: Self.samples)
        #expect(differences.count == models.count)
        for (model, difference) in zip(models, differences) {
            let scale = max(1, difference.largest)
            #expect(difference.all < 1e-4 * scale && difference.one < 1e-4 * scale, "\(model.name): \(difference)")
            #expect(difference.lost.isEmpty, "\(model.name)")
        }
    }
}
