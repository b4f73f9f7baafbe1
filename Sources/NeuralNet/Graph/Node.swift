/// One layer's place in a model: its name, and the tensors that it takes.
public struct Node: Sendable {
    /// The tensor that a node takes, or a model puts out.
    public enum Source: Sendable, Hashable {
        /// The model's input.
        case input
        /// The output of the node of this index.
        case node(Int)
    }

    /// Prefix of the keys of its parameters in a `state_dict`, e.g. `3` in an `nn.Sequential`, or `layer1.0.conv1`.
    public let name: String
    /// What is computed.
    public let layer: any Layer
    /// What it is computed of: one tensor for most layers.
    public let inputs: [Source]

    /// Makes a node.
    /// - Parameters:
    ///   - name: prefix of its parameters' keys, different for every node of a model.
    ///   - layer: what is computed.
    ///   - inputs: the model's input or nodes before this one.
    public init(_ name: String, _ layer: any Layer, inputs: [Source]) {
        self.name = name
        self.layer = layer
        self.inputs = inputs
    }
}
