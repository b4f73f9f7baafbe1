public import FedCore

/// A neural network as a value: a sequence of layers that turns a sample into one score (logit) per class; or a part of
/// one, see ``part(_:)``.
///
/// A model has shapes, parameter names and costs, but neither weights nor code: ``TrainedModel`` adds weights, ``Plan``
/// compiles it. The catalog is ``Models``.
///
/// ```swift
/// let model = Model(
///     name: "mlp", input: [1, 28, 28], classes: 10,
///     layers: [Flatten(), Linear(784, 64), ReLU(), Linear(64, 10)])
/// let weights = model.initialWeights(seed: 1)
/// ```
public struct Model: Sendable {
    /// Name in the catalog, maybe with widths behind a colon (``narrowed(to:)``); of a part, with its range of layers.
    public let name: String
    /// Shape of a sample, `[channels, height, width]`; of a part, the shape that its first layer receives.
    public let input: Shape
    /// The layers, first to last.
    public let layers: [any Layer]
    /// The index of the first layer in the whole model: 0 unless this is a part.
    public let firstLayer: Int
    /// The device │ server boundary of split training and inference: layers before this index run on the device. Nil
    /// when the model is not meant to be split.
    public let cut: Int?
    /// The place of each parameter in the flat weights; keys as PyTorch's `nn.Sequential` of the same layers has them.
    public let parameterLayout: ParameterLayout
    /// The shape that enters each layer, and behind them the output's: `layers.count + 1` shapes.
    public let shapes: [Shape]

    /// The initialisation of each parameter of the layout.
    private let initializations: [LayerParameter.Initialization]
    /// Number of parameter tensors of the layers before the first: those of a part draw the initial values of the
    /// whole.
    private let firstParameter: Int
    /// Number of dropout layers before the first: those of a part draw the masks that they draw in the whole.
    let dropoutsBefore: Int
    /// The initial weights of a model that only other programs can run; nil of one that has layers.
    private let given: [Float]?

    /// Makes a model and checks its shapes.
    /// - Parameters:
    ///   - name: name in the catalog.
    ///   - input: `[channels, height, width]` of a sample.
    ///   - classes: number of scores.
    ///   - cut: index of the first layer on the server's side, if the model can be split.
    ///   - layers: the layers, first to last.
    /// - Precondition: each layer accepts the shape its predecessor puts out, the last one puts out `[classes]`, and
    ///   `cut`, if any, leaves at least one layer on either side.
    public init(name: String, input: Shape, classes: Int, cut: Int? = nil, layers: [any Layer]) {
        self.init(name: name, input: input, cut: cut, layers: layers)
        precondition(output == [classes], "\(name) puts out \(output), not \(classes)")
        if let cut { precondition(cut > 0 && cut < layers.count, "\(name) cannot be cut at \(cut)") }
    }

    /// Makes a model that this program cannot run: parameters and where they start, and no layers. Client ranks of
    /// another program train it, and this one sums and steps.
    /// - Parameters:
    ///   - name: name of the model, for records.
    ///   - layout: the parameters of the other program's model.
    ///   - weights: initial weights, `[layout.count]`.
    ///   - classes: number of classes that its evaluations tell apart.
    public init(external name: String, _ layout: ParameterLayout, weights: [Float], classes: Int) {
        precondition(weights.count == layout.count, "\(weights.count) of \(layout.count) weights")
        self.name = name
        (input, shapes) = ([classes], [[classes]])
        (layers, cut) = ([], nil)
        (firstLayer, firstParameter, dropoutsBefore) = (0, 0, 0)
        (parameterLayout, initializations, given) = (layout, [], weights)
    }

    private init(
        name: String, input: Shape, cut: Int?, layers: [any Layer], firstLayer: Int = 0, firstParameter: Int = 0,
        dropoutsBefore: Int = 0
    ) {
        var shapes = [input]
        var layout = ParameterLayout()
        var initializations: [LayerParameter.Initialization] = []
        for (index, layer) in layers.enumerated() {
            for parameter in layer.parameters(for: shapes[index]) {
                layout.append(
                    "\(firstLayer + index).\(parameter.name)", shape: parameter.shape, layer: firstLayer + index,
                    role: parameter.role, isNormalization: layer.isNormalization)
                initializations.append(parameter.initialization)
            }
            shapes.append(layer.outputShape(for: shapes[index]))
        }
        self.name = name
        self.input = input
        self.cut = cut
        self.layers = layers
        self.shapes = shapes
        self.firstLayer = firstLayer
        self.firstParameter = firstParameter
        self.dropoutsBefore = dropoutsBefore
        parameterLayout = layout
        self.initializations = initializations
        given = nil
    }

    /// Whether only other programs can run it: it has parameters, and no layers.
    public var isExternal: Bool { given != nil }

    /// Shape of the last layer's output for one sample: `[classes]`, unless this is a part that ends before.
    public var output: Shape { shapes[layers.count] }

    /// Number of elements of the last layer's output for one sample: the classes of a whole model.
    public var classes: Int { output.count }

    /// Length of the flat weights: the trained parameters, and the running statistics of normalisation layers.
    public var parameterCount: Int { parameterLayout.count }

    /// Number of parameters that an optimizer moves; all of them in a model without normalisation layers.
    public var trainedParameterCount: Int { parameterLayout.trainedCount }

    /// Random weights in the canonical order, distributed as PyTorch's defaults.
    ///
    /// Each tensor has a random stream of its own, so every rank draws the same weights from the seed, and a part the
    /// same as the whole. They are not PyTorch's numbers.
    /// - Parameter seed: the run's seed.
    /// - Returns: `[parameterCount]`.
    /// - Complexity: O(parameters).
    public func initialWeights(seed: UInt64) -> [Float] {
        if let given { return given }
        var weights: [Float] = []
        weights.reserveCapacity(parameterCount)
        for (index, entry) in parameterLayout.entries.enumerated() {
            switch initializations[index] {
            case .uniform(let fanIn):
                var stream = RandomStream(seed: seed, .initialization, salt: firstParameter + index)
                let bound = 1 / Float(fanIn).squareRoot()
                for _ in 0..<entry.count { weights.append((2 * stream.uniform() - 1) * bound) }
            case .constant(let value):
                weights.append(contentsOf: repeatElement(value, count: entry.count))
            }
        }
        return weights
    }
}

// Parts.
extension Model {
    /// Some consecutive layers as a model of their own, whose parameters keep the names and initial values that they
    /// have in the whole. The layers before a cut are `part(0..<cut)`, those behind it `part(cut..<layers.count)`; the
    /// output of an empty part is its input.
    ///
    /// - Parameter range: indices of layers, within `0 ..< layers.count`.
    /// - Returns: a model without a cut, whose ``firstLayer`` is the range's lower bound.
    /// - Precondition: this is a whole model.
    public func part(_ range: Range<Int>) -> Model {
        precondition(firstLayer == 0, "\(name) is a part already")
        let before = layers[..<range.lowerBound]
        return Model(
            name: "\(name)[\(range.lowerBound)..<\(range.upperBound)]", input: shapes[range.lowerBound], cut: nil,
            layers: Array(layers[range]), firstLayer: range.lowerBound,
            firstParameter: parameterLayout.entries.count { $0.layer < range.lowerBound },
            dropoutsBefore: before.count { ($0 as? Dropout).map { $0.rate > 0 } ?? false })
    }

    /// The places of some consecutive layers' parameters in the flat weights: one range, maybe empty.
    /// - Parameter range: indices of layers, within `0 ..< layers.count`.
    /// - Complexity: O(parameter tensors).
    public func parameterRange(ofLayers range: Range<Int>) -> Range<Int> {
        func count(before layer: Int) -> Int {
            parameterLayout.entries.reduce(0) { $1.layer < firstLayer + layer ? $0 + $1.count : $0 }
        }
        return count(before: range.lowerBound)..<count(before: range.upperBound)
    }
}

extension Model {
    /// The costs of one layer: a row of `fedmpi models`.
    public struct LayerSummary: Sendable {
        /// The layer in words, as ``Layer/description``.
        public let description: String
        /// Shape of its output for one sample.
        public let output: Shape
        /// Number of its elements of the flat weights, running statistics included.
        public let parameters: Int
        /// Floating-point operations of one sample's forward pass; a multiplication and an addition are two.
        public let forwardFlops: Int
        /// Whether it lies left of the device │ server cut; false in a model without one.
        public let runsOnDevice: Bool
    }

    /// The layers with their costs, first to last.
    public var summary: [LayerSummary] {
        layers.enumerated().map { index, layer in
            LayerSummary(
                description: layer.description,
                output: shapes[index + 1],
                parameters: layer.parameters(for: shapes[index]).reduce(0) { $0 + $1.shape.reduce(1, *) },
                forwardFlops: 2 * layer.multiplyAdds(for: shapes[index]),
                runsOnDevice: cut.map { index < $0 } ?? false)
        }
    }

    /// Floating-point operations of one sample's forward pass: of convolutions, linear layers and normalisation.
    /// Pooling and ReLU count as nothing.
    public var forwardFlops: Int { summary.reduce(0) { $0 + $1.forwardFlops } }

    /// Floating-point operations of one sample's training step.
    ///
    /// The forward pass, the gradients of the parameters and the gradients of the activations take about as many each;
    /// the first layer with parameters does not need the last.
    public var trainingFlops: Int {
        let flops = summary.map(\.forwardFlops)
        return 3 * flops.reduce(0, +) - (flops.first { $0 > 0 } ?? 0)
    }

    /// Number of parameters left of the cut; 0 in a model without one.
    public var deviceParameters: Int { summary.reduce(0) { $0 + ($1.runsOnDevice ? $1.parameters : 0) } }

    /// Number of parameters right of the cut.
    public var serverParameters: Int { parameterCount - deviceParameters }

    /// Shape of the tensor that crosses the cut, for one sample; nil in a model without one.
    public var features: Shape? { cut.map { shapes[$0] } }
}
