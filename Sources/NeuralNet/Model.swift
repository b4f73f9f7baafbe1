public import FedCore

/// A neural network as a value: a sequence of layers that turns a sample into one score (logit) per class; or a part of
/// one, see `part(_:)`.
public struct Model: Sendable {
    public let name: String
    /// `[channels, height, width]` of a sample; of a part, what enters it.
    public let input: Shape
    public let layers: [any Layer]
    /// The index of the first layer in the whole model: 0 unless this is a part.
    public let firstLayer: Int
    /// The device │ server boundary of split inference: layers before this index run on the device. Nil when the model
    /// is not meant to be split.
    public let cut: Int?
    /// Where each parameter lies in the flat weights; keys as PyTorch's `nn.Sequential` of the same layers.
    public let parameterLayout: ParameterLayout
    /// The shape that enters each layer, and after the last one the output's: `layers.count + 1` shapes.
    public let shapes: [Shape]

    /// How each parameter of the layout begins.
    private let initializations: [LayerParameter.Initialization]
    /// Parameters of the layers before the first.
    private let firstParameter: Int
    /// Dropout layers before the first layer: the layers of a part draw the masks they draw in the whole.
    let dropoutsBefore: Int

    /// - Precondition: each layer accepts the shape its predecessor puts out, the last one puts out `[classes]`, and
    ///   `cut`, if any, leaves at least one layer on either side.
    public init(name: String, input: Shape, classes: Int, cut: Int? = nil, layers: [any Layer]) {
        self.init(name: name, input: input, cut: cut, layers: layers)
        precondition(output == [classes], "\(name) puts out \(output), not \(classes)")
        if let cut { precondition(cut > 0 && cut < layers.count, "\(name) cannot be cut at \(cut)") }
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
    }

    /// What the last layer puts out for one sample: `[classes]`, unless this is a part that ends before.
    public var output: Shape { shapes[layers.count] }

    /// Number of elements that the last layer puts out for one sample.
    public var classes: Int { output.count }

    /// Length of the flat weights: the trained parameters, and the running statistics of normalisation layers.
    public var parameterCount: Int { parameterLayout.count }

    /// Number of parameters that an optimizer moves; all of them in a model without normalisation layers.
    public var trainedParameterCount: Int { parameterLayout.trainedCount }

    /// Fresh weights in the canonical order, distributed as PyTorch's defaults, from the seed alone. O(parameters).
    public func initialWeights(seed: UInt64) -> [Float] {
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
    /// Some of the layers as a model of their own, whose parameters keep the names and initial values they have in the
    /// whole. The layers before a cut are `part(0..<cut)`, those behind it `part(cut..<layers.count)`; an empty part puts
    /// out what enters it.
    ///
    /// - Parameter range: within `0 ..< layers.count`.
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

    /// Where the parameters of these layers lie in the flat weights of the whole model: one range, maybe empty.
    /// - Parameter range: within `0 ..< layers.count`.
    public func parameterRange(ofLayers range: Range<Int>) -> Range<Int> {
        func count(before layer: Int) -> Int {
            parameterLayout.entries.reduce(0) { $1.layer < firstLayer + layer ? $0 + $1.count : $0 }
        }
        return count(before: range.lowerBound)..<count(before: range.upperBound)
    }
}

extension Model {
    /// One row of `fedmpi models`.
    public struct LayerSummary: Sendable {
        public let description: String
        public let output: Shape
        /// Elements of the flat weights, running statistics included.
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

    /// Floating-point operations of one sample's forward pass.
    public var forwardFlops: Int { summary.reduce(0) { $0 + $1.forwardFlops } }

    /// Floating-point operations of one sample's training step: forward, the gradients of the parameters, and the
    /// gradients of the activations, which the first layer with parameters does not need.
    public var trainingFlops: Int {
        let flops = summary.map(\.forwardFlops)
        return 3 * flops.reduce(0, +) - (flops.first { $0 > 0 } ?? 0)
    }

    /// Number of parameters left of the cut; 0 in a model without one.
    public var deviceParameters: Int { summary.reduce(0) { $0 + ($1.runsOnDevice ? $1.parameters : 0) } }

    /// Number of parameters right of the cut.
    public var serverParameters: Int { parameterCount - deviceParameters }

    /// The tensor that crosses the cut.
    public var features: Shape? { cut.map { shapes[$0] } }
}
