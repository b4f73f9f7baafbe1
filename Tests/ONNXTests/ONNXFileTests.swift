import FedCore
import Foundation
import NeuralNet
import ONNX
import Testing

struct ONNXFileTests {
    private static let python = ProcessInfo.processInfo.environment["FEDMPI_PYTHON"]
    private static let images = 100

    /// Reproducible images in [0, 1].
    private func images(of model: Model) -> [Float] {
        var stream = RandomStream(seed: 7, .synthesis)
        return (0..<Self.images * model.input.count).map { _ in stream.uniform() }
    }

    /// Fresh weights, and running statistics that are not those of a fresh model.
    private func trained(_ model: Model) -> TrainedModel {
        var weights = model.initialWeights(seed: 5)
        var stream = RandomStream(seed: 9, .synthesis)
        for range in model.parameterLayout.ranges(where: { $0.isNormalization }) {
            for i in range { weights[i] = 0.5 + stream.uniform() }
        }
        return TrainedModel(model, weights: weights)
    }

    private func scores(_ variant: Variant, _ images: [Float]) throws -> [Float] {
        let plan = try variant.plan(batch: Self.images)
        plan.withInput { input in
            for i in images.indices { input[i] = images[i] }
        }
        try plan.forward(Self.images)
        return plan.withOutput { output in output.indices.map { output[$0] } }
    }

    /// What onnxruntime makes of a file and images, against our scores: the largest difference, of all and of one image
    /// alone; the file passes ONNX's own checker.
    private func difference(_ variant: Variant) throws -> [Double] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ floats: [Float], _ name: String) throws {
            try Data(floats.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * UInt32($0)) & 0xFF) } })
                .write(to: folder.appendingPathComponent(name))
        }
        let images = images(of: variant.model)
        try Data(ONNXFile.encoded(variant)).write(to: folder.appendingPathComponent("model.onnx"))
        try write(images, "images")
        try write(try scores(variant, images), "scores")
        let script = """
            import sys, numpy, onnx, onnxruntime
            folder, shape = sys.argv[1], [int(n) for n in sys.argv[2].split(",")]
            model = onnx.load(folder + "/model.onnx")
            onnx.checker.check_model(model, full_check=True)
            assert [i.version for i in model.opset_import] == [17], model.opset_import
            assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
            session = onnxruntime.InferenceSession(folder + "/model.onnx", providers=["CPUExecutionProvider"])
            images = numpy.fromfile(folder + "/images", "<f4").reshape([-1] + shape)
            scores = numpy.fromfile(folder + "/scores", "<f4").reshape(len(images), -1)
            (all,) = session.run(None, {"image": images})
            (one,) = session.run(None, {"image": images[:1]})
            print(abs(all - scores).max(), abs(one - scores[:1]).max(), abs(scores).max())
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        let shape = variant.model.input.extents.map(String.init).joined(separator: ",")
        process.arguments = ["-c", script, folder.path, shape]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text.split { $0.isWhitespace }.compactMap { Double($0) }
    }

    /// Needs `FEDMPI_PYTHON`, a Python with `onnx` and `onnxruntime`.
    @Test(.enabled(if: python != nil), arguments: Models.light.map(\.name) + ["edgecnn-bn:5-9-33-17"])
    func `onnxruntime gives the same scores to 1e-4, for a hundred images and for one`(name: String) throws {
        let differences = try difference(Variant(trained(Models.standard.named(name))))
        #expect(differences.count == 3 && differences[0] < 1e-4 && differences[1] < 1e-4)
    }

    /// Whole numbers may be rounded to the other side by another order of additions, and a step is seen in the scores.
    @Test(.enabled(if: python != nil), arguments: Models.light.map(\.name))
    func `onnxruntime's scores of a quantised model are within a fiftieth of the largest`(name: String) throws {
        let model = try Models.standard.named(name)
        let quantized = try QuantizedModel(trained(model), samples: images(of: model), method: .maximum)
        let differences = try difference(Variant(quantized))
        #expect(differences.count == 3 && differences[0] < 0.02 * differences[2])
    }

    /// 0.3 in units of (10⁻⁹/127)·(1/255) is 9.7·10¹², more than 32 bits hold.
    private func quantizedWithLargeBias() throws -> Variant {
        let model = Model.edgeCNNSmall
        let fresh = model.initialWeights(seed: 5)
        let entries = model.parameterLayout.entries
        var weights = fresh
        for i in entries[0].range { weights[i] = 1e-9 * fresh[i] }
        for i in entries[1].range { weights[i] = 0.3 }
        return Variant(
            try QuantizedModel(
                TrainedModel(model, weights: weights), samples: images(of: model), method: .maximum))
    }

    @Test func `a layer with a bias beyond 32 bits has real numbers for biases, others whole ones`() throws {
        let text = String(decoding: try ONNXFile.encoded(quantizedWithLargeBias()), as: UTF8.self)
        #expect(text.contains("1.bias") && !text.contains("1.bias_step"))
        #expect(text.contains("3.bias_step"))
    }

    @Test(.enabled(if: python != nil))
    func `onnxruntime's scores are ours where a bias does not fit into 32 bits`() throws {
        let differences = try difference(quantizedWithLargeBias())
        #expect(differences.count == 3 && differences[0] < 0.02 * differences[2])
    }

    @Test func `a file says what its input was divided by, and names its classes and data`() throws {
        let metadata = [
            "dataset": "csv:a.csv", "class_names": #"["cat","dog"]"#, "input_scale": "255.0", "input_range": "0.0 1.0",
        ]
        let model = Model.logistic
        let trained = TrainedModel(model, weights: model.initialWeights(seed: 1), metadata: metadata)
        let bytes = try ONNXFile.encoded(Variant(trained))
        // Field 14, an entry of a key and a value: onnx.proto's `metadata_props`.
        for (key, value) in metadata {
            let entry =
                [0x0A, UInt8(key.utf8.count)] + Array(key.utf8) + [0x12, UInt8(value.utf8.count)] + Array(value.utf8)
            #expect(bytes.firstRange(of: [14 << 3 | 2, UInt8(entry.count)] + entry) != nil, "\(key)")
        }
        let words =
            "the numbers of their files divided by 255.0; so that those of the training images went from 0.0 to 1.0"
        #expect(bytes.firstRange(of: Array(words.utf8)) != nil)
    }

    @Test func `a layer that ONNX has no operator for is refused by its name`() {
        struct Square: Layer {
            let description = "Square"
            func outputShape(for input: Shape) -> Shape { input }
            func compile(into plan: PlanBuilder) throws(OneDNNError) {}
        }
        let model = Model(name: "odd", input: [2], classes: 2, layers: [Square()])
        let error = #expect(throws: ConfigurationError.self) {
            try ONNXFile.encoded(Variant(TrainedModel(model, weights: [])))
        }
        #expect(error?.description.contains("Square") == true)
    }
}

extension Models {
    /// The models of the catalog that tests over all of them can afford, and that every way of inference knows.
    fileprivate static let light = all.filter { architecture in
        let model = architecture.naturalModel
        return model.parameterCount < 1_300_000 && model.inferenceStages != nil
    }
}
