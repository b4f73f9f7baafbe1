import FedCore
import NeuralNet

// Layers without weights.
extension Graph {
    /// Adds a function of each element. GELU and SiLU are no operators of this version: they are written as PyTorch's
    /// exporter does, which runtimes recognise.
    /// - Parameters:
    ///   - kind: the function; ReLU6 is a Clip from 0 to 6, SiLU x · σ(x).
    ///   - result: name of the result; those of its parts begin with it.
    mutating func add(_ kind: Activation.Kind, to result: String) {
        let input = current
        switch kind {
        case .relu6: add("Clip", [input, number(0), number(6)], to: result)
        case .leakyReLU(let slope): add("LeakyRelu", [input], to: result, [("alpha", .float(slope))])
        case .tanh: add("Tanh", [input], to: result)
        case .sigmoid: add("Sigmoid", [input], to: result)
        case .silu:
            add("Sigmoid", [input], to: "\(result)/sigmoid")
            add("Mul", [input, current], to: result)
        case .gelu:
            // x · (1 + erf(x / √2)) / 2
            add("Div", [input, number(Float(2).squareRoot())], to: "\(result)/scaled")
            add("Erf", [current], to: "\(result)/erf")
            add("Add", [current, number(1)], to: "\(result)/sum")
            add("Mul", [input, current], to: "\(result)/product")
            add("Mul", [current, number(0.5)], to: result)
        }
    }

    /// Adds a maximum pooling of the current tensor.
    ///
    /// `ceil_mode` counts incomplete windows, in this version of the operators also those that begin within the padding,
    /// which PyTorch and the layers here leave out. Where that matters, the padding behind the image says which are
    /// counted.
    /// - Parameters:
    ///   - layer: its window.
    ///   - input: shape of the image.
    ///   - output: shape of the result.
    ///   - result: name of the result.
    mutating func add(_ layer: MaxPool2D, from input: Shape, to output: Shape, _ result: String) {
        let sides = zip(input.extents, output.extents).dropFirst()
        func areCounted(isRoundedUp: Bool) -> Bool {
            sides.allSatisfy { pixels, windows in
                let free = pixels + 2 * layer.padding - layer.kernel
                return (isRoundedUp ? free + layer.stride - 1 : free) / layer.stride + 1 == windows
            }
        }
        let window = Self.window(layer.kernel, layer.stride, layer.padding)
        if areCounted(isRoundedUp: false) { return add("MaxPool", [current], to: result, window) }
        if areCounted(isRoundedUp: true) {
            return add("MaxPool", [current], to: result, window + [("ceil_mode", .integer(1))])
        }
        let behind = sides.map { pixels, windows in
            max(layer.padding, (windows - 1) * layer.stride + layer.kernel - pixels - layer.padding)
        }
        let pads = ("pads", Attribute.integers([layer.padding, layer.padding] + behind))
        add("MaxPool", [current], to: result, Self.window(layer.kernel, layer.stride, 0) + [pads])
    }

    /// The attributes of a window that pooling moves, the same in both directions; `pads` is left out where it is 0.
    /// - Parameters:
    ///   - kernel: length of the window's side, in pixels.
    ///   - stride: pixels from one window to the next.
    ///   - padding: pixels around the image, at each side.
    static func window(_ kernel: Int, _ stride: Int, _ padding: Int) -> [(name: String, value: Attribute)] {
        [("kernel_shape", .integers([kernel, kernel])), ("strides", .integers([stride, stride]))]
            + (padding == 0 ? [] : [("pads", .integers([Int](repeating: padding, count: 4)))])
    }
}
