import FedCore
import Files
import Foundation
import NeuralNet
import Testing

struct TrainedModelTests {
    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(bytes).write(to: folder.appendingPathComponent("model.safetensors"))
        return try body(folder.path)
    }

    @Test func `a model comes back from its file, by the file's path or its folder's`() throws {
        let model = Model.edgeCNNSmall
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 3), metadata: ["made": "by hand"])
        try withFile(trained.encoded()) { (folder: String) throws in
            for path in [folder, folder + "/model.safetensors"] {
                let read = try TrainedModel(reading: path)
                #expect(read.model.name == "edgecnn-small" && read.weights == trained.weights)
                #expect(read.metadata == ["made": "by hand", "model": "edgecnn-small"])
            }
        }
    }

    @Test func `a file that names no model is the one whose tensors it has`() throws {
        let model = Model.edgeCNNMedium
        let file = Safetensors(model.parameterLayout, weights: model.initialWeights(seed: 3).span)
        try withFile(file.encoded()) { (folder: String) throws in
            #expect(try TrainedModel(reading: folder).model.name == "edgecnn-medium")
        }
    }

    @Test func `what is no model of the catalog is refused in one line that names the file`() throws {
        let file = Safetensors(Model.logistic.parameterLayout, weights: Model.logistic.initialWeights(seed: 1).span)
        try withFile(file.encoded()) { (folder: String) throws in
            let error = try #require(throws: ConfigurationError.self) {
                try TrainedModel(reading: folder, as: "edgecnn-small")
            }
            #expect(error.description.contains("model.safetensors") && !error.description.contains("\n"))
            #expect(throws: ConfigurationError.self) { _ = try TrainedModel(reading: folder, as: "no-such-model") }
            #expect(throws: ConfigurationError.self) { _ = try TrainedModel(reading: folder + "/none") }
        }
        _ = try withFile([1, 2, 3]) { (folder: String) throws in
            #expect(throws: ConfigurationError.self) { _ = try TrainedModel(reading: folder) }
        }
    }
}
