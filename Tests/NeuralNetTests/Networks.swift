import FedCore
import Foundation
import NeuralNet
import Testing

/// What `scripts/make-fixtures` recorded of one network.
struct Fixture: Decodable, CustomTestStringConvertible {
    struct Vector: Decodable {
        let norm: Double
        /// Distance between the elements in `values`.
        let step: Int
        let values: [Double]
    }

    struct Training: Decodable {
        let losses: [Double]
        let weights: [String: Vector]
    }

    struct Evaluation: Decodable {
        let loss: Double
        let correct: Int
        let logits: Vector
    }

    let name: String
    /// The model as text, with the shape of its input and its number of outputs; nil for a network that has a name.
    let text: String?
    let input: [Int]?
    let classes: Int?
    let batch: Int
    /// Samples of each training step; nil when all are of the whole batch.
    let counts: [Int]?
    /// At the first weights, where it is another than the first training step's.
    let evaluation: Evaluation?
    let labels: [Int32]
    let logits: Vector
    let correct: Int
    let gradients: [String: Vector]
    let trained: [String: Training]

    var testDescription: String { name }

    static let all: [Fixture] = load("pytorch") + load("layers") + load("texts")

    /// What is recorded of single samples' gradients, of those networks that have such.
    static let samples: [Samples] = load("samples")

    /// Gradients of single samples: `torch.func.vmap(torch.func.grad(loss))`.
    struct Samples: Decodable {
        let name: String
        /// ‖gᵢ‖ of each layer's part, by the layer's name.
        let lengths: [String: [Double]]
        /// C, the mean length of the whole gradients.
        let bound: Double
        /// Samples whose gradient is no longer.
        let within: Int
        /// Σᵢ gᵢ·min(1, C/‖gᵢ‖), by the parameter's name.
        let clipped: [String: Vector]
    }

    private static func load<Content: Decodable>(_ file: String) -> [Content] {
        guard let url = Bundle.module.url(forResource: "Fixtures/\(file)", withExtension: "json"),
            let data = try? Data(contentsOf: url)
        else { return [] }
        return (try? JSONDecoder().decode([Content].self, from: data)) ?? []
    }

    /// The network of that name, as in the script.
    var model: Model {
        get throws {
            if let text, let input, let classes {
                return try ModelText(text, name: "text").model(for: DataForm(Shape(input), outputs: classes))
            }
            return try (Networks.all + Networks.layers).first { $0.name == name } ?? Models.standard.named(name)
        }
    }
}

/// The networks of `scripts/make-fixtures` that are not in the catalog.
enum Networks {
    static let all: [Model] = [
        Model(name: "linear", input: [20], classes: 7, layers: [Linear(20, 7)]),
        Model(
            name: "linear twice", input: [1, 4, 5], classes: 3,
            layers: [Flatten(), Linear(20, 12), ReLU(), Linear(12, 3)]),
        Model(
            name: "padding", input: [3, 7, 9], classes: 4,
            layers: [Conv2D(3, 5, kernel: 3, padding: 1), ReLU(), Flatten(), Linear(315, 4)]),
        Model(
            name: "no padding, 5x5", input: [2, 9, 8], classes: 4,
            layers: [Conv2D(2, 6, kernel: 5), ReLU(), Flatten(), Linear(120, 4)]),
        Model(
            name: "1x1", input: [16, 5, 5], classes: 4,
            layers: [Conv2D(16, 20, kernel: 1), ReLU(), Flatten(), Linear(500, 4)]),
        Model(
            name: "stride", input: [4, 11, 10], classes: 4,
            layers: [Conv2D(4, 8, kernel: 3, padding: 1, stride: 2), ReLU(), Flatten(), Linear(240, 4)]),
        Model(
            name: "groups", input: [8, 6, 6], classes: 4,
            layers: [Conv2D(8, 12, kernel: 3, padding: 1, groups: 4), ReLU(), Flatten(), Linear(432, 4)]),
        Model(
            name: "depthwise", input: [6, 6, 6], classes: 4,
            layers: [
                Conv2D(6, 6, kernel: 3, padding: 1, groups: 6), ReLU(), Conv2D(6, 10, kernel: 1), ReLU(), Flatten(),
                Linear(360, 4),
            ]),
        Model(
            name: "8, 10 and 17 channels", input: [1, 12, 12], classes: 5,
            layers: [
                Conv2D(1, 8, kernel: 3, padding: 1), ReLU(), MaxPool2D(2),
                Conv2D(8, 10, kernel: 3, padding: 1), ReLU(), MaxPool2D(2),
                Conv2D(10, 17, kernel: 3, padding: 1), ReLU(), Flatten(), Linear(153, 5),
            ]),
        Model(
            name: "pooling of negative values", input: [3, 8, 8], classes: 4,
            layers: [Conv2D(3, 6, kernel: 3, padding: 1), MaxPool2D(2), Flatten(), Linear(96, 4)]),
        Model(
            name: "overlapping windows", input: [2, 9, 9], classes: 4,
            layers: [
                Conv2D(2, 16, kernel: 3, padding: 1), ReLU(), MaxPool2D(3, stride: 2),
                Conv2D(16, 16, kernel: 3), ReLU(), Flatten(), Linear(64, 4),
            ]),
        Model(
            name: "dropped edge", input: [2, 7, 7], classes: 4,
            layers: [Conv2D(2, 8, kernel: 3, padding: 1), ReLU(), MaxPool2D(2), Flatten(), Linear(72, 4)]),
        Model(
            name: "ReLU after pooling", input: [2, 8, 8], classes: 4,
            layers: [Conv2D(2, 16, kernel: 3, padding: 1), MaxPool2D(2), ReLU(), Flatten(), Linear(256, 4)]),
        Model(
            name: "ReLU first", input: [2, 4, 4], classes: 4,
            layers: [ReLU(), Flatten(), Linear(32, 8), ReLU(), ReLU(), Linear(8, 4)]),
        Model(
            name: "normalisation", input: [2, 6, 5], classes: 4,
            layers: [
                Conv2D(2, 16, kernel: 3, padding: 1), BatchNorm2D(16), ReLU(), MaxPool2D(2),
                Conv2D(16, 8, kernel: 3, padding: 1), ReLU(), BatchNorm2D(8), Flatten(), Linear(48, 4),
            ]),
        Model(
            name: "normalisation first, 5 and 10 channels", input: [5, 4, 6], classes: 3,
            layers: [
                BatchNorm2D(5), Conv2D(5, 10, kernel: 3), BatchNorm2D(10), ReLU(), Flatten(), Linear(80, 3),
            ]),
        Model(
            name: "pooling first", input: [2, 8, 8], classes: 4,
            layers: [MaxPool2D(2), Conv2D(2, 4, kernel: 3), ReLU(), Flatten(), Linear(16, 4)]),
    ]
}

/// The script's `hashed`: reproducible numbers on [−1, 1).
func hashed(_ count: Int, salt: UInt64) -> [Float] {
    (0..<UInt64(count)).map { index in
        var x = ((index + salt * 0x9E37_79B9) &* 2_654_435_761) & 0xFFFF_FFFF
        x ^= x >> 16
        x = (x * 0x85EB_CA6B) & 0xFFFF_FFFF
        x ^= x >> 13
        return Float(Double(x >> 8) * 0x1p-23 - 1)
    }
}

extension Model {
    /// The script's weights, in the canonical order.
    var hashedWeights: [Float] {
        var weights: [Float] = []
        var index: UInt64 = 100
        for (place, layer) in layers.enumerated() {
            for parameter in layer.parameters(for: inputShapes(ofLayer: place)[0]) {
                let values = hashed(parameter.shape.reduce(1, *), salt: index)
                switch (parameter.name, parameter.initialization) {
                case ("running_var", _): weights += values.map { 1 + $0 / 2 }
                case (_, .uniform(let fanIn)): weights += values.map { $0 / Float(Double(fanIn).squareRoot()) }
                case (_, .constant), (_, .normal): weights += values
                }
                index += 1
            }
        }
        return weights
    }

    /// The script's input: numbers on [−1, 1), or the indices that an embedding makes of them there.
    func hashedInput(batch: Int, salt: UInt64 = 1) -> [Float] {
        let values = hashed(batch * input.count, salt: salt)
        guard let embedding = layers.first as? Embedding else { return values }
        return values.map { (($0 + 1) / 2 * Float(embedding.count)).rounded(.down) }
    }
}

extension Plan {
    /// A training plan with the script's weights.
    convenience init(
        hashed model: Model, batch: Int, purpose: Purpose = .training, precision: Precision = .single
    ) throws {
        try self.init(model, batch: batch, purpose: purpose, precision: precision)
        try load(model.hashedWeights.span)
    }

    /// Copies a batch, or the first samples of one, into the input.
    func fill(_ samples: [Float]) {
        withInput { input in
            for i in samples.indices { input[i] = samples[i] }
        }
    }

    var logits: [Float] { withOutput { logits in logits.indices.map { logits[$0] } } }

    var weights: [Float] {
        get throws {
            var weights = [Float](repeating: .nan, count: model.parameterCount)
            var span = weights.mutableSpan
            try store(into: &span)
            return weights
        }
    }

    /// Without the statistics.
    var trainedWeights: [Float] {
        get throws {
            let weights = try weights
            return model.parameterLayout.ranges { $0.role == .trained }.flatMap { weights[$0] }
        }
    }

    /// Running means and variances.
    var statistics: [Float] {
        get throws {
            let weights = try weights
            return model.parameterLayout.ranges { $0.role == .statistic }.flatMap { weights[$0] }
        }
    }

    var gradients: [Float] {
        get throws {
            var gradients = [Float](repeating: .nan, count: model.parameterCount)
            var span = gradients.mutableSpan
            try storeGradients(into: &span)
            return gradients
        }
    }
}

extension Models {
    /// The models of the catalog that tests over all of them can afford, and that every way of inference knows.
    static let light = all.filter { architecture in
        let model = architecture.naturalModel
        return model.parameterCount < 1_300_000 && model.inferenceStages != nil
    }
}
