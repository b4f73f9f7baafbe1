import FedCore
import Foundation
import NeuralNet

/// The models whose ONNX files are read again, by this program and by onnxruntime.
enum ExportedModels {
    /// The catalog's, for the data that each was made for; those for colour images of 32×32, of 11 million parameters,
    /// for smaller ones.
    static let catalog: [Model] = Models.all.map { architecture in
        guard architecture.name.hasPrefix("resnet") else { return architecture.naturalModel }
        return model(architecture.name) { () throws(ConfigurationError) in
            try architecture.model(for: DataForm([3, 8, 8], outputs: 10))
        }
    }

    /// Every kind of layer with each of its options.
    static let layers: [Model] = [
        (
            "conv", [3, 9, 8],
            "conv 6 3x3 pad 1, conv 4 3x3 stride 2, conv 8 3x3 pad 2 dilation 2 groups 2 no-bias, linear"
        ),
        (
            "depthwise", [3, 9, 8],
            "conv 6 1x1 no-bias, depthwise 3x3 stride 2 pad 1, depthwise 3x3 pad 2 dilation 2 no-bias, linear"
        ),
        ("linear", [7], "linear 5 no-bias, relu, linear"),
        ("batchnorm", [2, 6, 5], "conv 4 3x3, batchnorm epsilon 1e-3 momentum 0.25, relu, flatten, batchnorm, linear"),
        (
            "groupnorm", [3, 6, 5],
            "conv 6 3x3, groupnorm 2, relu, conv 6 1x1, groupnorm 6 epsilon 1e-3, conv 4 1x1, groupnorm 1, linear"
        ),
        ("layernorm", [7], "linear 12, layernorm epsilon 1e-3, linear"),
        ("layernorm of pixels", [2, 3, 5], "layernorm, linear"),
        ("layernorm of steps", [7, 6], "layernorm, flatten, linear"),
        (
            "activations", [2, 5, 5],
            "conv 4 3x3 pad 1, relu6, conv 4 1x1, leaky-relu, conv 4 1x1, leaky-relu 0.3, conv 4 1x1, gelu, conv 4 1x1, silu, conv 4 1x1, tanh, conv 4 1x1, sigmoid, linear 6, relu, linear"
        ),
        (
            "maxpool", [2, 12, 11],
            "conv 2 1x1, maxpool 3 stride 1 pad 1, maxpool, conv 2 1x1, maxpool 2 stride 2 ceil, linear"
        ),
        // The last window of the height would begin in the padding, and is not counted; that of the width is.
        ("maxpool at the edge", [2, 5, 6], "conv 2 1x1, maxpool 3 stride 3 pad 1 ceil, linear"),
        ("maxpool in the padding", [2, 5, 5], "conv 2 1x1, maxpool 2 stride 2 pad 1 ceil, linear"),
        ("avgpool", [2, 9, 10], "avgpool 3 stride 2 pad 1, conv 4 1x1, avgpool, linear"),
        ("global-avgpool", [2, 4, 6], "conv 4 3x3, global-avgpool, linear"),
        ("dropout", [7], "linear 8, dropout 0.5, relu, dropout 0.25, linear"),
        ("embedding", [9], "embedding 11 6, flatten, linear"),
        ("embedding of a text", [1, 1, 9], "embedding 11 6, flatten, linear"),
        ("lstm", [7, 5], "lstm 12 last, linear"),
        ("lstm of two layers", [6, 10], "lstm 9 layers 2, flatten, linear"),
        ("lstm of an embedding", [1, 1, 9], "embedding 11 8, lstm 16 layers 2 last, linear"),
        ("gru", [7, 5], "gru 12 last, linear"), ("gru of two layers", [6, 10], "gru 9 layers 2, flatten, linear"),
        ("gru of an lstm", [5, 8], "layernorm, lstm 7, gru 20 last, tanh, linear"),
        ("two lstms", [5, 6], "lstm 6 as first, lstm 6 as second, lstm 6 last as third, linear"),
        (
            "sums of sequences", [5, 6],
            "lstm 6 as a, lstm 6 as b, add a input, gru 6 as c, gru 6 from a, concat b c, flatten, linear"
        ),
        ("mean of exits", [2, 5, 5], "conv 4 3x3, relu as a, linear 4 as e, linear 6 from a, relu, linear 4, mean e"),
        ("concat of one", [2, 5, 5], "conv 2 3x3, concat, relu, linear"),
    ].map { name, input, text in made(name, input, 4, text) }

    /// Graphs of `scripts/make-fixtures`, which are also compared with PyTorch.
    static let graphs: [Model] = {
        struct Graph: Decodable {
            let name: String
            let text: String
            let input: [Int]
            let classes: Int
        }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("NeuralNetTests/Fixtures/texts.json")
        let graphs = (try? JSONDecoder().decode([Graph].self, from: Data(contentsOf: file))) ?? []
        return graphs.map { made($0.name, $0.input, $0.classes, $0.text) }
    }()

    static let all = catalog + layers + graphs

    static func named(_ name: String) -> Model? { all.first { $0.name == name } }

    private static func made(_ name: String, _ input: [Int], _ classes: Int, _ text: String) -> Model {
        model(name) { () throws(ConfigurationError) in
            try ModelText(text, name: name.filter { $0 != "," }.replacing(" ", with: "-")).model(
                for: DataForm(Shape(input), outputs: classes))
        }
    }

    private static func model(_ name: String, _ make: () throws(ConfigurationError) -> Model) -> Model {
        do { return try make() } catch { preconditionFailure("\(name): \(error)") }
    }

    /// Fresh weights, and parameters of normalisation that are not those of a fresh model.
    static func trained(_ model: Model) -> TrainedModel {
        var weights = model.initialWeights(seed: 5)
        var stream = RandomStream(seed: 9, .synthesis)
        for range in model.parameterLayout.ranges(where: { $0.isNormalization }) {
            for i in range { weights[i] = 0.5 + stream.uniform() }
        }
        return TrainedModel(model, weights: weights)
    }

    /// Reproducible samples: pixels in [0, 1), other numbers in [-1, 1), or indices.
    static func samples(of model: Model, _ count: Int) -> [Float] {
        let embedding = model.nodes.lazy.compactMap { $0.inputs == [.input] ? $0.layer as? Embedding : nil }.first
        let isImage = model.input.extents.count == 3
        var stream = RandomStream(seed: 7, .synthesis)
        return (0..<count * model.input.count).map { _ in
            let number = stream.uniform()
            if let embedding { return (number * Float(embedding.count)).rounded(.down) }
            return isImage ? number : 2 * number - 1
        }
    }

    static func scores(_ variant: Variant, _ samples: [Float], _ count: Int) throws -> [Float] {
        let plan = try variant.plan(batch: count)
        plan.withInput { input in
            for i in samples.indices { input[i] = samples[i] }
        }
        try plan.forward(count)
        return plan.withOutput { output in output.indices.map { output[$0] } }
    }
}
