import FedCore
import NeuralNet
import ONNX

/// Models as text, as a file, a setting or a weights file's metadata have them.
struct ModelTextTarget: FuzzTarget {
    let name = "model-text"
    let seeds = [
        "conv 4 3x3 pad 1, relu, maxpool 2 | linear 6, relu, linear",
        "net: conv 8 3x3 pad 1 no-bias as a, batchnorm, relu as b, depthwise 3x3 pad 1 from a, add b, concat a input, linear",
        "embedding 12 4, lstm 5 layers 2, gru 3 last, dropout 0.5, linear",
        "conv 4 3x3, groupnorm 2 epsilon 1e-3, avgpool 2 stride 1, global-avgpool, flatten, layernorm, gelu, linear 10",
    ].map { Array($0.utf8) }
    let dictionary =
        [
            ",", "|", " as ", " from ", ":", "0", "1", "-1", "65536", "9223372036854775807", "1e999", "3x3", "511x511",
            "input",
            "no-bias", "last", "ceil", "stride 0", "pad 4096", "groups 3", "layers 64", "dilation 4096",
        ] + LayerKinds.all.map(\.name)

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        // The third is for sequences.
        let form = DataForm(seed == 2 ? [1, 1, 16] : [1, 8, 8], outputs: 10)
        let model: Model
        do { model = try ModelText(String(decoding: input, as: UTF8.self)).model(for: form) } catch { return .refused }
        try Violation.require(model.form == form, "a model of \(model.form) for \(form)")
        try Violation.require(model.parameterCount <= 100_000_000, "\(model.parameterCount) parameters")
        let again = try ModelText(model.text).model(for: form)
        try Violation.require(again.parameterLayout == model.parameterLayout, "'\(model.text)' makes another model")
        return input == seeds[seed] ? .equal : .different
    }
}

/// ONNX files.
struct ONNXTarget: FuzzTarget {
    let name = "onnx"
    let seeds: [[UInt8]]
    let dictionary = [
        "Conv", "Gemm", "Relu", "MaxPool", "Add", "Reshape", "Flatten", "Identity", "image", "scores", "0.weight",
        "Slice", "Concat", "Unsqueeze", "Squeeze", "Transpose", "Gather", "LSTM", "GRU", "Mul", "Dropout", "location",
    ]

    init() throws {
        let texts: [(String, Shape)] = [
            ("conv 2 3x3 pad 1, batchnorm, relu, maxpool 2, conv 3 3x3, linear 4, relu, linear", [1, 6, 6]),
            ("linear", [1, 6, 6]),
            ("conv 4 3x3 as a, groupnorm 2, gelu, silu, add a, concat a, global-avgpool, linear", [1, 6, 6]),
            ("embedding 5 3, lstm 2 layers 2, layernorm, gru 2 last, linear", [4]),
        ]
        seeds = try texts.map { text, shape in
            let model = try ModelText(text).model(for: DataForm(shape, outputs: 3))
            return try ONNXFile.encoded(Variant(TrainedModel(model, weights: model.initialWeights(seed: 1))))
        }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let network: ONNXImport
        let model: Model
        do {
            network = try ONNXImport(decoding: input, name: "net")
            model = try network.text.model(for: network.form)
            try Violation.require(
                try network.weights(for: model).count == model.parameterCount, "weights of another model")
        } catch let violation as Violation { throw violation } catch { return .refused }
        return input == seeds[seed] ? .equal : .different
    }
}
