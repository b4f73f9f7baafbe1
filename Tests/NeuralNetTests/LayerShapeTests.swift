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
    ]

    @Test(arguments: refusals.indices)
    func `a layer says what it takes and what it got`(index: Int) {
        let (layer, shape, message) = Self.refusals[index]
        let error = #expect(throws: ConfigurationError.self) { try layer.outputShape(for: shape) }
        #expect(error?.description == message)
    }
}
