import FedCore
import Foundation
import NeuralNet
import ONNX
import Testing

/// Files of `scripts/make-onnx-fixtures` against PyTorch's outputs for hashed inputs.
struct ONNXImportTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")
    private static let files = [
        "resnet18-trace", "mobilenet-trace", "squeezenet-trace", "squeezenet-graph", "vgg11-trace", "vgg11-graph",
        "lenet5-trace", "lenet5-graph", "mlp-trace", "mlp-graph", "groupnorm-trace", "groupnorm-graph", "lstm-trace",
        "lstm-graph", "gru-trace", "gru-graph",
    ]
    private static let batch = 4

    private func hashed(_ index: Int) -> Float { Float((index * 2_654_435_761 + 12345) % (1 << 32) % 10007) / 10007 }

    @Test(arguments: files)
    func outputsArePyTorchs(_ file: String) throws {
        let net = try ONNXImport(reading: Self.folder.appendingPathComponent("\(file).onnx").path)
        let model = try net.text.model(for: net.form)
        let plan = try Variant(TrainedModel(model, weights: try net.weights(for: model))).plan(batch: Self.batch)
        let isIndices = file.hasPrefix("lstm") || file.hasPrefix("gru")
        plan.withInput { input in
            for i in 0..<Self.batch * model.input.count {
                input[i] = isIndices ? (hashed(i) * 20).rounded(.down) : hashed(i)
            }
        }
        try plan.forward(Self.batch)
        let outputs = plan.withOutput { output in output.indices.map { output[$0] } }
        let network = file.prefix { $0 != "-" }
        let text = try String(contentsOf: Self.folder.appendingPathComponent("\(network).txt"), encoding: .utf8)
        let expected = text.prefix { $0 != "\n" }.split(separator: " ").compactMap { Float($0) }
        #expect(outputs.count == expected.count)
        // The older exporter keeps LeNet's logarithm of softmax in the expected outputs: logits differ by a row's constant.
        let classes = model.classes
        for row in 0..<Self.batch {
            let ours = outputs[row * classes..<(row + 1) * classes]
            let theirs = expected[row * classes..<(row + 1) * classes]
            let shift = network == "lenet5" ? ours.first! - theirs.first! : 0
            for (our, their) in zip(ours, theirs) { #expect(abs(our - shift - their) < 1e-4, "\(our) for \(their)") }
        }
    }

    @Test(arguments: ["lstm-graph", "groupnorm-trace", "squeezenet-trace"])
    func damagedBytesAreRefusedOrRead(_ file: String) throws {
        let bytes = Array(try Data(contentsOf: Self.folder.appendingPathComponent("\(file).onnx")))
        var stream = RandomStream(seed: 3, .synthesis)
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<4 { damaged[Int(stream.uniform() * Float(bytes.count - 1))] = UInt8(stream.uniform() * 255) }
            _ = try? ONNXImport(decoding: damaged, name: "damaged")
            _ = try? ONNXImport(
                decoding: Array(bytes.prefix(Int(stream.uniform() * Float(bytes.count)))), name: "short")
        }
    }
}
