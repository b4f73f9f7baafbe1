public import FedCore

/// The long short-term memory over a sequence `[time, inputs]`, as PyTorch's `LSTM(batch_first=True)` in one direction:
/// gates i, f, g, o.
///
/// All layers and steps begin with zeros. Weights have PyTorch's names, shapes and order of gates, so that a `state_dict`
/// fits: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, and so on for each layer.
///
/// S. Hochreiter, J. Schmidhuber, *Long Short-Term Memory*, Neural Computation 9(8), 1997; F. A. Gers, J. Schmidhuber,
/// F. Cummins, *Learning to Forget: Continual Prediction with LSTM*, Neural Computation 12(10), 2000.
public struct LSTM: Layer, Equatable {
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
            cell: LongShortTermMemory(), inputs: inputs, hidden: hidden, layers: layers, returnsLast: returnsLast)
    }

    public var description: String { "LSTM \(recurrence.description)" }

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
