/// One stage of a model: a value that knows its shapes and parameters, and how to become oneDNN primitives.
///
/// To add a layer, write one file in `Layers/`: nothing else lists them.
public protocol Layer: Sendable {
    /// One cell of a table, e.g. `Conv2D 1→16, 3×3, padding 1`.
    var description: String { get }

    /// - Precondition: the layer accepts `input`; a model checks all its layers when it is made.
    func outputShape(for input: Shape) -> Shape

    /// The trainable parameters in the order of PyTorch's `state_dict`.
    func parameters(for input: Shape) -> [LayerParameter]

    /// Multiplications followed by an addition in the forward pass of one sample.
    func multiplyAdds(for input: Shape) -> Int

    /// Adds this layer's forward pass to the plan, and what makes its backward pass.
    func compile(into plan: PlanBuilder) throws(OneDNNError)
}

extension Layer {
    public func parameters(for input: Shape) -> [LayerParameter] { [] }
    public func multiplyAdds(for input: Shape) -> Int { 0 }
}

/// A tensor of trainable parameters of a layer.
public struct LayerParameter: Sendable, Equatable {
    /// Its `state_dict` key within the layer: `weight` or `bias`.
    public let name: String
    public let shape: [Int]
    /// Initial values are uniform on (−1/√fanIn, 1/√fanIn), PyTorch's default for convolutions and linear layers:
    /// Kaiming-uniform with a = √5.
    ///
    /// K. He et al., *Delving Deep into Rectifiers*, ICCV 2015, arXiv:1502.01852.
    public let fanIn: Int
}
