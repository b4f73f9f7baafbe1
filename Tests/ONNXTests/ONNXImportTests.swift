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
    /// Files that were exported for training: with normalisation, and with PyTorch's keys.
    private static let trained = ["resnet18", "mobilenet", "groupnorm", "lstm", "gru"].map { "\($0)-train" }
    /// Files of `onnx.helper`, with other operators and other places of weights than PyTorch's exporter has.
    private static let made = ["matmul", "gemm", "batchnorm", "norms", "typed", "external"]
    private static let batch = 4

    private func hashed(_ index: Int) -> Float { Float((index * 2_654_435_761 + 12345) % (1 << 32) % 10007) / 10007 }

    @Test(arguments: files + trained + made)
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

    private static func gradients(of plan: Plan) throws -> [Float] {
        var gradients = [Float](repeating: 0, count: plan.model.parameterCount)
        var span = gradients.mutableSpan
        try plan.storeGradients(into: &span)
        return gradients
    }

    /// Those without batch normalisation have it folded into convolutions. The exporters rename some weights, unless they
    /// export for training: only there are norms compared by their keys, otherwise in their order.
    @Test(arguments: files.filter { file in !["resnet18", "mobilenet"].contains { file.hasPrefix($0) } } + trained)
    func gradientsArePyTorchs(_ file: String) throws {
        let net = try ONNXImport(reading: Self.folder.appendingPathComponent("\(file).onnx").path)
        let model = try net.text.model(for: net.form)
        let plan = try Plan(model, batch: Self.batch, purpose: .training)
        let weights = try net.weights(for: model)
        try plan.load(weights.span)
        let isIndices = file.hasPrefix("lstm") || file.hasPrefix("gru")
        plan.withInput { input in
            for i in 0..<Self.batch * model.input.count {
                input[i] = isIndices ? (hashed(i) * 20).rounded(.down) : hashed(i)
            }
        }
        let labels = (0..<Self.batch).map { Int32($0 % model.classes) }
        _ = try plan.forwardBackward(labels: labels.span)
        let gradients = try Self.gradients(of: plan)
        let entries = model.parameterLayout.entries.filter { $0.role == .trained }
        let ours = entries.map { entry in
            gradients[entry.range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let network = file.prefix { $0 != "-" }
        let text = try String(contentsOf: Self.folder.appendingPathComponent("\(network).txt"), encoding: .utf8)
        var theirs: [Double] = []
        for (index, line) in text.split(separator: "\n").dropFirst().enumerated() {
            theirs.append(try #require(Double(line.split(separator: " ").last ?? "")))
            guard Self.trained.contains(file) else { continue }
            let key = line.prefix { $0 != " " }
            let our = try #require(zip(entries, ours).first { $0.0.name == key }, "no \(key)").1
            #expect(abs(our - theirs[index]) < 1e-4 * theirs[index] + 1e-6, "\(key): \(our) for \(theirs[index])")
        }
        #expect(ours.count == theirs.count)
        for (our, their) in zip(ours.sorted(), theirs.sorted()) {
            #expect(abs(our - their) < 1e-4 * their + 1e-6, "\(our) for \(their)")
        }
    }

    @Test func dropoutIsReadWhereItTrains() throws {
        func rates(_ file: String) throws -> [Double] {
            let net = try ONNXImport(reading: Self.folder.appendingPathComponent("\(file).onnx").path)
            return try net.text.model(for: net.form).layers.compactMap { ($0 as? Dropout)?.rate }
        }
        #expect(try rates("mobilenet-train") == [0.2])
        #expect(try rates("mobilenet-trace").isEmpty)
    }

    @Test(arguments: [
        ("shared", "node 'y' (Gemm): it shares its weights 'w' with another node"),
        ("average", "node 'a' (AveragePool): averages with ceil_mode, or that leave the padding out, are not read"),
        ("outside", "in the file '../Fixtures/external.bin', which is outside the folder of the ONNX file"),
        ("absolute", "in the file '/etc/hostname', which is outside the folder of the ONNX file"),
        ("short", "in the file 'external.bin', which is too short"),
    ])
    func whatIsNotReadIsSaid(_ file: String, _ message: String) {
        let path = Self.folder.appendingPathComponent("\(file).onnx").path
        let error = #expect(throws: ConfigurationError.self) { try ONNXImport(reading: path) }
        #expect(error?.description.hasSuffix(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func weightsBehindASymbolicLinkAreNotRead() throws {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        let net = folder.appendingPathComponent("external.onnx")
        try files.copyItem(at: Self.folder.appendingPathComponent("external.onnx"), to: net)
        func message() -> String? {
            #expect(throws: ConfigurationError.self) { try ONNXImport(reading: net.path) }?.description
        }
        #expect(message()?.hasSuffix("in the file 'external.bin', which cannot be read") == true)
        let weights = folder.appendingPathComponent("external.bin")
        try files.createSymbolicLink(
            at: weights, withDestinationURL: Self.folder.appendingPathComponent("external.bin"))
        #expect(message()?.hasSuffix("which is outside the folder of the ONNX file") == true)
        try files.removeItem(at: weights)
        try files.createDirectory(at: weights, withIntermediateDirectories: true)
        #expect(message()?.hasSuffix("which cannot be read") == true)
    }

    @Test(arguments: ["lstm-graph", "groupnorm-trace", "squeezenet-trace", "lstm-train"])
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
