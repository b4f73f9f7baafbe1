import FedCore
import Files
import Testing

@testable import NeuralNet

struct PruningTests {
    /// 2→2→1: six weights, three biases.
    private let model = Model(name: "tiny", input: [2], classes: 1, layers: [Linear(2, 2), ReLU(), Linear(2, 1)])
    private let weights: [Float] = [0.5, -0.1, 0.3, -4, 0.01, 0.02, 0.2, -3, 0.03]

    private func scores(_ variant: Variant, _ inputs: [Float]) throws -> [Float] {
        let plan = try variant.plan(batch: inputs.count / variant.model.input.count)
        plan.withInput { input in
            for i in inputs.indices { input[i] = inputs[i] }
        }
        try plan.forward(plan.batch)
        return plan.withOutput { output in output.indices.map { output[$0] } }
    }

    @Test func `the smallest magnitudes of all layers go, biases stay`() {
        let pruned = TrainedModel(model, weights: weights).pruned(0.5, scope: .global)
        #expect(pruned.weights == [0.5, 0, 0, -4, 0.01, 0.02, 0, -3, 0.03])
        #expect(pruned.sparsity == 0.5)
    }

    @Test func `each layer loses its share when layers are on their own`() {
        let pruned = TrainedModel(model, weights: weights).pruned(0.5, scope: .layer)
        #expect(pruned.weights == [0.5, 0, 0, -4, 0.01, 0.02, 0, -3, 0.03])
        let quarter = TrainedModel(model, weights: weights).pruned(0.25, scope: .layer)
        #expect(quarter.weights == [0.5, 0, 0.3, -4, 0.01, 0.02, 0, -3, 0.03])
    }

    @Test func `equals go in their order, and nothing or all can go`() {
        let equal = TrainedModel(model, weights: [Float](repeating: 1, count: 9))
        #expect(equal.pruned(0.5, scope: .global).weights == [0, 0, 0, 1, 1, 1, 1, 1, 1])
        #expect(equal.pruned(0, scope: .global).weights == equal.weights)
        #expect(equal.pruned(1, scope: .layer).sparsity == 1)
    }

    @Test func `what is zero cannot move under its mask, all else can`() {
        let pruned = TrainedModel(model, weights: weights).pruned(0.5, scope: .global)
        #expect(pruned.mask == [1, 0, 0, 1, 1, 1, 0, 1, 1])
    }

    @Test func `layers without biases lose their outputs, too; other layers with weights are refused`() throws {
        // The second hidden feature is the weaker; its row goes, and the output's weight of it.
        let model = Model(
            name: "no biases", input: [2], classes: 1,
            layers: [Linear(2, 2, hasBias: false), ReLU(), Linear(2, 1, hasBias: false)])
        let narrowed = try TrainedModel(model, weights: [2, 1, 0.5, 0.25, 5, 7]).narrowed(0.5)
        #expect(narrowed.weights == [2, 1, 5])
        let recurrent = Model(
            name: "recurrent", input: [3, 2], classes: 2,
            layers: [LSTM(2, 4, last: true), Linear(4, 3), ReLU(), Linear(3, 2)])
        let error = #expect(throws: ConfigurationError.self) { try recurrent.narrowed(to: [2]) }
        #expect(error?.description == "recurrent has a layer whose width cannot be changed: LSTM 2→4, last step")
    }

    @Test(arguments: [0.0, 0.5, 0.9, 1])
    func `a pruned model's file holds its zeros as bits, and comes back`(sparsity: Double) throws {
        let model = Model.edgeCNNBN
        let pruned = TrainedModel(model, weights: model.hashedWeights).pruned(sparsity, scope: .global)
        let variant = Variant(pruned)
        let file = try Safetensors(decoding: variant.encoded())
        #expect(try file.weights(for: model.parameterLayout) == pruned.weights)
        let matrices = model.parameterLayout.entries.filter { $0.shape.count > 1 }
        let dense = 4 * model.parameterCount
        if sparsity == 0 {
            #expect(variant.byteCount == dense)
        } else {
            // A bit for each weight, and the bytes of those that stay.
            let bits = matrices.reduce(0) { $0 + ($1.count + 7) / 8 }
            let zeros = matrices.reduce(0) { sum, entry in sum + pruned.weights[entry.range].count { $0 == 0 } }
            #expect(abs(variant.byteCount - (dense - 4 * zeros + bits)) < 100)
        }
        let quantized = Variant(try QuantizedModel(pruned, samples: model.hashedInput(batch: 4), method: .maximum))
        #expect(quantized.sparsity >= pruned.sparsity)
        let samples = model.hashedInput(batch: 3)
        let read = try Variant(
            QuantizedModel(Safetensors(decoding: quantized.encoded()), of: model))
        #expect(try scores(read, samples) == scores(quantized, samples))
    }

    @Test func `a mask that does not go with its values is refused`() throws {
        let layout = ParameterLayout([("w", [2, 5])])
        func read(_ mask: [UInt8], _ values: [Float], with other: [Safetensors.Tensor] = []) throws -> [Float] {
            let tensors: [Safetensors.Tensor] = [
                .init(name: "w.mask", shape: [mask.count], elements: .uint8(mask)),
                .init(name: "w.values", shape: [values.count], elements: .float32(values)),
            ]
            return try Safetensors(tensors + other).weights(for: layout)
        }
        #expect(try read([0b0100_0001, 0b10], [1, 2, 3]) == [1, 0, 0, 0, 0, 0, 2, 0, 0, 3])
        #expect(throws: SafetensorsError.self) { try read([1], [1]) }
        #expect(throws: SafetensorsError.self) { try read([1, 1], [1]) }
        #expect(throws: SafetensorsError.self) { try read([0, 0b100], [1]) }
        let dense = Safetensors.Tensor(name: "w", shape: [2, 5], elements: .float32([Float](repeating: 0, count: 10)))
        #expect(throws: SafetensorsError.self) { try read([1, 0], [1], with: [dense]) }
    }

    /// The second of the first layer's rows (0.5, −0.1) and (0.3, −4) is the stronger.
    @Test func `a narrowed layer keeps its strongest outputs, and the next one what reads them`() throws {
        let narrowed = try TrainedModel(model, weights: weights).narrowed(0.5)
        #expect(narrowed.weights == [0.3, -4, 0.02, -3, 0.03])
        #expect(narrowed.model.widths == [1] && narrowed.model.name == "tiny:1")
    }

    /// An output whose weights and bias are zero puts out what nobody sees.
    @Test(arguments: ["edgecnn-large", "edgecnn-medium", "edgecnn-small", "simplecnn"])
    func `outputs that are zero can be cut without a trace`(name: String) throws {
        let model = try Models.standard.named(name)
        var weights = model.hashedWeights
        let entries = model.parameterLayout.entries
        for entry in entries.dropLast(2) {
            let perOutput = entry.count / entry.shape[0]
            for output in stride(from: 0, to: entry.shape[0], by: 2) {
                for i in 0..<perOutput { weights[entry.offset + output * perOutput + i] = 0 }
            }
        }
        let trained = TrainedModel(model, weights: weights)
        let narrowed = try trained.narrowed(0.5)
        #expect(narrowed.model.widths == model.widths.map { $0 / 2 })
        #expect(try Models.standard.named(narrowed.model.name).parameterLayout == narrowed.model.parameterLayout)
        let samples = model.hashedInput(batch: 2)
        for (one, other) in zip(try scores(Variant(trained), samples), try scores(Variant(narrowed), samples)) {
            #expect(abs(one - other) < 1e-5)
        }
    }

    @Test func `a model without hidden layers cannot be narrowed`() {
        let trained = TrainedModel(.logistic, weights: Model.logistic.hashedWeights)
        let error = #expect(throws: ConfigurationError.self) { try trained.narrowed(0.5) }
        #expect(error?.description.contains("logistic has no hidden layer") == true)
    }

    /// 7² · 65536 · 65536 weights of the first linear layer alone: 842 GB.
    @Test func `widths of more weights than a memory holds are refused`() {
        let error = #expect(throws: ConfigurationError.self) {
            try Models.standard.named("edgecnn-large:65536-65536-65536-65536")
        }
        #expect(error?.description.contains("at most 100000000") == true)
    }

    @Test func `widths that are none are refused`() {
        for name in [
            "logistic:", "logistic:8", "edgecnn-large:", "edgecnn-large:1-2", "edgecnn-large:0-1-1-1",
            "edgecnn-large:a-b-c-d", ":1",
        ] {
            #expect(throws: ConfigurationError.self) { try Models.standard.named(name) }
        }
    }
}
