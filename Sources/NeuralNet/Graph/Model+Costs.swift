extension Model {
    /// The costs of one layer: a row of `fedmpi models`.
    public struct LayerSummary: Sendable {
        /// Name of its node.
        public let name: String
        /// The layer in words, as ``Layer/description``.
        public let description: String
        /// Names of the nodes whose outputs it takes, where these are not just the layer before.
        public let sources: [String]
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
        nodes.enumerated().map { index, node in
            let input = inputShapes(ofLayer: index)[0]
            return LayerSummary(
                name: node.name,
                description: node.layer.description,
                sources: node.inputs.map(\.position) == [index] ? [] : node.inputs.map(name(of:)),
                output: shapes[index + 1],
                parameters: node.layer.parameters(for: input).reduce(0) { $0 + $1.shape.reduce(1, *) },
                forwardFlops: 2 * node.layer.multiplyAdds(for: input),
                runsOnDevice: cut.map { index < $0 } ?? false)
        }
    }

    /// The word for a source in a model's text.
    private func name(of source: Node.Source) -> String {
        switch source {
        case .input: "input"
        case .node(let index): nodes[index].name
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
