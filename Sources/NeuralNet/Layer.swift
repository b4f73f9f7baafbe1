public import FedCore

/// One stage of a model: a value that knows its shapes and parameters, and how to become oneDNN primitives.
///
/// To add a layer, write one file in `Layers/`: nothing else lists them.
public protocol Layer: Sendable {
    /// One cell of a table, e.g. `Conv2D 1→16, 3×3, padding 1`.
    var description: String { get }

    /// Whether the layer normalises by statistics of the data; false by default.
    var isNormalization: Bool { get }

    /// - Precondition: the layer accepts `input`; a model checks all its layers when it is made.
    func outputShape(for input: Shape) -> Shape

    /// The parameters in the order of PyTorch's `state_dict`; none by default.
    func parameters(for input: Shape) -> [LayerParameter]

    /// Multiplications followed by an addition in the forward pass of one sample; 0 by default.
    func multiplyAdds(for input: Shape) -> Int

    /// Adds this layer's forward pass to the plan, and what makes its backward pass.
    func compile(into plan: PlanBuilder) throws(OneDNNError)
}

extension Layer {
    public var isNormalization: Bool { false }
    public func parameters(for input: Shape) -> [LayerParameter] { [] }
    public func multiplyAdds(for input: Shape) -> Int { 0 }
}

/// A tensor of parameters of a layer.
public struct LayerParameter: Sendable, Equatable {
    /// How its first values are drawn.
    public enum Initialization: Sendable, Equatable {
        /// Uniform on (−1/√fanIn, 1/√fanIn), PyTorch's default for convolutions and linear layers: Kaiming-uniform with
        /// a = √5.
        ///
        /// K. He et al., *Delving Deep into Rectifiers*, ICCV 2015, arXiv:1502.01852.
        case uniform(fanIn: Int)
        case constant(Float)
    }

    /// Its `state_dict` key within the layer, e.g. `weight` or `running_mean`.
    public let name: String
    public let shape: [Int]
    public let initialization: Initialization
    public let role: ParameterLayout.Role

    public init(
        name: String, shape: [Int], initialization: Initialization, role: ParameterLayout.Role = .trained
    ) {
        self.name = name
        self.shape = shape
        self.initialization = initialization
        self.role = role
    }

    /// With uniform initial values.
    public init(name: String, shape: [Int], fanIn: Int) {
        self.init(name: name, shape: shape, initialization: .uniform(fanIn: fanIn))
    }
}
