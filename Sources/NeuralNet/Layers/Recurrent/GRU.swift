public import FedCore

/// The gated recurrent unit over a sequence `[time, inputs]`, as PyTorch's `GRU(batch_first=True)` in one direction: gates
/// r, z, n with n = tanh(Wx + b + r∘(Uh + c)).
///
/// All layers and steps begin with zeros. Weights have PyTorch's names, shapes and order of gates, so that a `state_dict`
/// fits: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, and so on for each layer.
///
/// K. Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation*,
/// EMNLP 2014, arXiv:1406.1078.
public struct GRU: Layer, Equatable {
    /// Number of features of a step of the input.
    public let inputs: Int
    /// Number of features of a step of the output.
    public let hidden: Int
    /// Number of layers, one on top of the other.
    public let layers: Int
    /// Whether the output is that of the last step alone.
    public let returnsLast: Bool

    /// Makes a layer.
    /// - Parameters:
    ///   - inputs: number of features of a step of the input, > 0.
    ///   - hidden: number of features of a step of the output, > 0.
    ///   - layers: number of layers, > 0.
    ///   - last: whether only the last step is put out.
    public init(_ inputs: Int, _ hidden: Int, layers: Int = 1, last: Bool = false) {
        precondition(min(inputs, hidden, layers) > 0, "\(layers) recurrent layers from \(inputs) to \(hidden)")
        self.inputs = inputs
        self.hidden = hidden
        self.layers = layers
        returnsLast = last
    }

    private var recurrence: Recurrence {
        Recurrence(
            cell: GatedRecurrentUnit(), inputs: inputs, hidden: hidden, layers: layers, returnsLast: returnsLast)
    }

    public var description: String { "GRU \(recurrence.description)" }

    /// `[time, hidden]`, or `[hidden]` of the last step.
    /// - Throws: `ConfigurationError` when `input` is not `[time, inputs]`.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        try recurrence.outputShape(of: description, for: input)
    }

    /// Four tensors for each layer, with a uniform distribution on (−1/√hidden, 1/√hidden).
    public func parameters(for input: Shape) -> [LayerParameter] { recurrence.parameters }

    /// One for each weight and step.
    public func multiplyAdds(for input: Shape) -> Int { recurrence.multiplyAdds(steps: input.extents[0]) }

    /// Compiles products of matrices and the cell's equations.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        try recurrence.compile(into: plan)
    }
}
