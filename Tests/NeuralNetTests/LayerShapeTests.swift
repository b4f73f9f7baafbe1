import FedCore
import NeuralNet
import Testing

struct LayerShapeTests {
    static let refusals: [(any Layer, Shape, String)] = [
        (
            Conv2D(3, 16, kernel: 3), [1, 28, 28],
            "Conv2D 3→16, 3×3 takes images of 3 channels, not 1×28×28"
        ),
        (Conv2D(3, 16, kernel: 5), [3, 4, 4], "Conv2D 3→16, 5×5 takes images of at least 5×5 pixels, not 3×4×4"),
        (
            Conv2D(3, 16, kernel: 5, padding: 1), [3, 2, 8],
            "Conv2D 3→16, 5×5, padding 1 takes images of at least 5×5 pixels, a padding of 1 on each side included, "
                + "not 3×2×8"
        ),
        (Linear(784, 10), [1, 28, 28], "Linear 784→10 takes 784 features, not 1×28×28"),
        (MaxPool2D(2), [8], "MaxPool2D 2×2 takes images, not 8"),
        (MaxPool2D(2), [8, 1, 1], "MaxPool2D 2×2 takes images of at least 2×2 pixels, not 8×1×1"),
        (
            Conv2D(3, 16, kernel: 3, dilation: 4, hasBias: false), [3, 8, 9],
            "Conv2D 3→16, 3×3, dilation 4, no bias takes images of at least 9×9 pixels, not 3×8×9"
        ),
        (Linear(8, 10, hasBias: false), [9], "Linear 8→10, no bias takes 8 features, not 9"),
        (BatchNorm2D(4), [4, 5], "BatchNorm2D 4 takes images of 4 channels or 4 features, not 4×5"),
        (GroupNorm(2, 8), [4, 3, 3], "GroupNorm 2 of 8 takes images of 8 channels, not 4×3×3"),
        (LayerNorm(8), [8, 9], "LayerNorm 8 takes 8 features in the last dimension, not 8×9"),
        (AvgPool2D(3, padding: 1), [8], "AvgPool2D 3×3, padding 1 takes images, not 8"),
        (GlobalAvgPool2D(), [8], "GlobalAvgPool2D takes images, not 8"),
        (Embedding(80, 8), [3, 4], "Embedding 80→8 takes a sequence of indices, not 3×4"),
        (
            LSTM(8, 256, layers: 2, last: true), [8],
            "LSTM 8→256, 2 layers, last step takes sequences of 8 features, not 8"
        ),
        (GRU(8, 16), [4, 9], "GRU 8→16 takes sequences of 8 features, not 4×9"),
    ]

    /// Shapes by PyTorch.
    static let shapes: [(any Layer, Shape, Shape)] = [
        (Conv2D(3, 16, kernel: 3, padding: 2, stride: 2, dilation: 2), [3, 32, 31], [16, 16, 16]),
        (MaxPool2D(3, stride: 2, padding: 1), [64, 112, 112], [64, 56, 56]),
        (MaxPool2D(3, stride: 2, coversEdge: true), [96, 54, 54], [96, 27, 27]),
        (MaxPool2D(3, stride: 2, coversEdge: true), [96, 28, 27], [96, 14, 13]),
        // The last window would begin behind the image.
        (MaxPool2D(2, stride: 2, padding: 1, coversEdge: true), [1, 3, 4], [1, 2, 3]),
        (AvgPool2D(3, stride: 2, padding: 1), [2, 9, 10], [2, 5, 5]), (GlobalAvgPool2D(), [512, 7, 5], [512, 1, 1]),
        (Embedding(80, 8), [1, 1, 80], [80, 8]), (LSTM(8, 256), [80, 8], [80, 256]),
        (GRU(8, 256, last: true), [80, 8], [256]), (Activation(.gelu), [4, 5], [4, 5]),
    ]

    @Test(arguments: shapes.indices)
    func `shapes are PyTorch's`(index: Int) throws {
        let (layer, input, output) = Self.shapes[index]
        #expect(try layer.outputShape(for: input) == output)
    }

    @Test(arguments: refusals.indices)
    func `a layer says what it takes and what it got`(index: Int) {
        let (layer, shape, message) = Self.refusals[index]
        let error = #expect(throws: ConfigurationError.self) { try layer.outputShape(for: shape) }
        #expect(error?.description == message)
    }
}
