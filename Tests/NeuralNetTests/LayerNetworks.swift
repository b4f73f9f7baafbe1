import NeuralNet

extension Networks {
    /// The networks of `LAYERS` in `scripts/make-fixtures`.
    static let layers: [Model] = [
        Model(
            name: "dilation", input: [3, 11, 9], classes: 4,
            layers: [
                Conv2D(3, 6, kernel: 3, padding: 2, dilation: 2, hasBias: false), ReLU(),
                Conv2D(6, 8, kernel: 3, dilation: 2), ReLU(), Flatten(), Linear(280, 4, hasBias: false),
            ]),
        Model(
            name: "depthwise separable", input: [3, 16, 16], classes: 4,
            layers: [
                Conv2D(3, 16, kernel: 3, padding: 1, stride: 2, hasBias: false), BatchNorm2D(16), Activation(.relu6),
                Conv2D(16, 16, kernel: 3, padding: 1, groups: 16, hasBias: false), BatchNorm2D(16), Activation(.relu6),
                Conv2D(16, 24, kernel: 1, hasBias: false), BatchNorm2D(24), Activation(.relu6),
                Conv2D(24, 24, kernel: 3, padding: 1, stride: 2, groups: 24), ReLU(), GlobalAvgPool2D(), Flatten(),
                Linear(24, 4),
            ]),
        activation("ReLU6", .relu6), activation("LeakyReLU", .leakyReLU(slope: 0.1)), activation("GELU", .gelu),
        activation("SiLU", .silu), activation("tanh", .tanh), activation("sigmoid", .sigmoid),
        Model(
            name: "average pooling", input: [2, 9, 10], classes: 4,
            layers: [
                Conv2D(2, 10, kernel: 3, padding: 1), ReLU(), AvgPool2D(3, stride: 2, padding: 1),
                Conv2D(10, 8, kernel: 1), AvgPool2D(2), Flatten(), Linear(32, 4),
            ]),
        Model(
            name: "average pooling first", input: [2, 8, 8], classes: 4,
            layers: [AvgPool2D(2), Conv2D(2, 6, kernel: 3), GlobalAvgPool2D(), Flatten(), Linear(6, 4)]),
        Model(
            name: "padded max pooling", input: [2, 10, 9], classes: 4,
            layers: [
                Conv2D(2, 12, kernel: 3, padding: 1), ReLU(), MaxPool2D(3, stride: 2, padding: 1),
                Conv2D(12, 8, kernel: 1), MaxPool2D(3, stride: 2, coversEdge: true), Flatten(), Linear(32, 4),
            ]),
        Model(
            name: "max pooling that covers the edge", input: [3, 8, 11], classes: 4,
            layers: [
                MaxPool2D(2, coversEdge: true), Conv2D(3, 6, kernel: 1),
                MaxPool2D(3, stride: 2, padding: 1, coversEdge: true), Flatten(), Linear(72, 4),
            ]),
        Model(
            name: "normalised vectors", input: [1, 4, 5], classes: 3,
            layers: [
                Flatten(), Linear(20, 12), BatchNorm2D(12), ReLU(), Linear(12, 10, hasBias: false), BatchNorm2D(10),
                Linear(10, 3),
            ]),
        Model(
            name: "normalised vectors of images", input: [2, 3, 4], classes: 3,
            layers: [Conv2D(2, 3, kernel: 1), ReLU(), Flatten(), BatchNorm2D(36), Linear(36, 3)]),
        Model(
            name: "group normalisation", input: [2, 7, 6], classes: 4,
            layers: [
                Conv2D(2, 12, kernel: 3, padding: 1), GroupNorm(3, 12), ReLU(), MaxPool2D(2),
                Conv2D(12, 32, kernel: 3, padding: 1), GroupNorm(2, 32), ReLU(), Conv2D(32, 16, kernel: 1),
                GroupNorm(1, 16), Flatten(), Linear(144, 4),
            ]),
        Model(
            name: "group normalisation first", input: [6, 5, 7], classes: 3,
            layers: [
                GroupNorm(2, 6), Conv2D(6, 9, kernel: 3), GroupNorm(9, 9), ReLU(), Flatten(), Linear(135, 3),
            ]),
        Model(
            name: "layer normalisation", input: [1, 4, 5], classes: 3,
            layers: [Flatten(), Linear(20, 12), LayerNorm(12), Activation(.gelu), Linear(12, 3)]),
        Model(
            name: "layer normalisation of steps", input: [7, 6], classes: 3,
            layers: [LayerNorm(6), Flatten(), Linear(42, 3)]),
        Model(name: "embedding", input: [9], classes: 4, layers: [Embedding(11, 6), Flatten(), Linear(54, 4)]),
        Model(name: "lstm", input: [7, 5], classes: 4, layers: [LSTM(5, 12, last: true), Linear(12, 4)]),
        Model(
            name: "lstm, all steps of two layers", input: [6, 10], classes: 4,
            layers: [LSTM(10, 9, layers: 2), Flatten(), Linear(54, 4)]),
        Model(
            name: "lstm of an embedding", input: [9], classes: 4,
            layers: [Embedding(11, 8), LSTM(8, 16, layers: 2, last: true), Linear(16, 4)]),
        Model(name: "gru", input: [7, 5], classes: 4, layers: [GRU(5, 12, last: true), Linear(12, 4)]),
        Model(
            name: "gru, all steps of two layers", input: [6, 10], classes: 4,
            layers: [GRU(10, 9, layers: 2), Flatten(), Linear(54, 4)]),
        Model(
            name: "gru of an lstm", input: [5, 8], classes: 4,
            layers: [LayerNorm(8), LSTM(8, 7), GRU(7, 20, last: true), Activation(.tanh), Linear(20, 4)]),
    ]

    private static func activation(_ name: String, _ kind: Activation.Kind) -> Model {
        Model(
            name: name, input: [2, 5, 5], classes: 4,
            layers: [
                Conv2D(2, 10, kernel: 3, padding: 1), Activation(kind), Flatten(), Linear(250, 9), Activation(kind),
                Linear(9, 4),
            ])
    }
}
