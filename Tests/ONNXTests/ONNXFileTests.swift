import FedCore
import NeuralNet
import ONNX
import Testing

struct ONNXFileTests {
    private static let images = 100

    /// What onnxruntime makes of a file and images, against our scores.
    private func difference(_ variant: Variant) throws -> ONNXRuntime.Difference {
        try #require(try ONNXRuntime.differences([variant], samples: Self.images).first)
    }

    /// Needs `FEDMPI_PYTHON`, a Python with `onnx` and `onnxruntime`.
    @Test(.enabled(if: ONNXRuntime.python != nil), arguments: Models.light.map(\.name) + ["edgecnn-bn:5-9-33-17"])
    func `onnxruntime gives the same scores to 1e-4, for a hundred images and for one`(name: String) throws {
        let difference = try difference(Variant(ExportedModels.trained(Models.standard.named(name))))
        #expect(difference.all < 1e-4 && difference.one < 1e-4 && difference.lost.isEmpty)
    }

    @Test(.enabled(if: ONNXRuntime.python != nil), arguments: ["channels", "columns"])
    func `a file of a model that learnt from normalised inputs takes them as they are`(kind: String) throws {
        let isRow = kind == "columns"
        let model = try isRow ? Self.model("linear 6, relu", [1, 1, 3]) : Self.model("conv 4 3x3, relu", [2, 5, 5])
        let normalization: ONNXFile.Normalization
        normalization = isRow ? ([10, -1, 0.5], [3, 0.1, 1]) : ([0.4, -3], [0.25, 7])
        let variant = Variant(ExportedModels.trained(model))
        let found = try ONNXRuntime.differences([variant], samples: Self.images, normalizedBy: normalization)
        let difference = try #require(found.first)
        #expect(difference.all < 1e-4 * max(1, difference.largest) && difference.lost.isEmpty, "\(difference)")
    }

    @Test func `a file that normalises is read again as the model alone`() throws {
        let model = try Self.model("linear 6, relu", [1, 1, 3])
        let bytes = try ONNXFile.encoded(
            Variant(ExportedModels.trained(model)), normalizedBy: ([10, -1, 0.5], [3, 0.1, 1]))
        let plain = try ONNXFile.encoded(Variant(ExportedModels.trained(model)))
        let (network, other) = try (
            ONNXImport(decoding: bytes, name: "again"), ONNXImport(decoding: plain, name: "again")
        )
        let again = try network.text.model(for: network.form)
        #expect(network.text == other.text && network.form == other.form)
        #expect(try network.weights(for: again) == other.weights(for: again))
    }

    private static func model(_ layers: String, _ shape: [Int]) throws -> Model {
        try ModelText(layers + ", linear").model(for: DataForm(Shape(shape), outputs: 4))
    }

    /// Whole numbers may be rounded to the other side by another order of additions, and a step is seen in the scores.
    @Test(.enabled(if: ONNXRuntime.python != nil), arguments: Models.light.map(\.name))
    func `onnxruntime's scores of a quantised model are within a fiftieth of the largest`(name: String) throws {
        let model = try Models.standard.named(name)
        let quantized = try QuantizedModel(
            ExportedModels.trained(model), samples: ExportedModels.samples(of: model, Self.images), method: .maximum)
        let difference = try difference(Variant(quantized))
        #expect(difference.all < 0.02 * difference.largest && difference.lost.isEmpty)
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
                TrainedModel(model, weights: weights), samples: ExportedModels.samples(of: model, Self.images),
                method: .maximum))
    }

    @Test func `a layer with a bias beyond 32 bits has real numbers for biases, others whole ones`() throws {
        let text = String(decoding: try ONNXFile.encoded(quantizedWithLargeBias()), as: UTF8.self)
        #expect(text.contains("1.bias") && !text.contains("1.bias_step"))
        #expect(text.contains("3.bias_step"))
    }

    @Test(.enabled(if: ONNXRuntime.python != nil))
    func `onnxruntime's scores are ours where a bias does not fit into 32 bits`() throws {
        let difference = try difference(quantizedWithLargeBias())
        #expect(difference.all < 0.02 * difference.largest && difference.lost.isEmpty)
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
            "the numbers of their files divided by 255.0; so that those of the training samples went from 0.0 to 1.0"
        #expect(bytes.firstRange(of: Array(words.utf8)) != nil)
        for (task, words) in [
            (nil, "a score for each class"), ("labels 10", "a score for each label"),
            ("values 10", "predicted numbers"),
        ] {
            let trained = TrainedModel(model, weights: trained.weights, metadata: task.map { ["task": $0] } ?? [:])
            let bytes = try ONNXFile.encoded(Variant(trained))
            #expect(bytes.firstRange(of: Array(words.utf8)) != nil, "\(words)")
        }
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
