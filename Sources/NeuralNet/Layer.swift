public import FedCore

/// One layer of a model: a value that knows its shapes and parameters, and how to become oneDNN primitives.
///
/// To add a layer, write one file in `Layers/`: nothing else lists them. Inference in 8 bits and ONNX files know the
/// layers by their types, and refuse others with an error.
public protocol Layer: Sendable {
    /// The layer and its sizes in a few words, for a table: e.g. `Conv2D 1→16, 3×3, padding 1`.
    var description: String { get }

    /// Whether the layer normalises by statistics of the data; false by default. FedBN leaves such layers on the
    /// clients.
    var isNormalization: Bool { get }

    /// Whether the layer computes each element of its output from the same element of its input, so that it can work on
    /// an image that is flattened in name alone; false by default.
    var isElementwise: Bool { get }

    /// Whether the layer reads brain floats as well as floats, in a plan that multiplies those (``Precision``); false by
    /// default: it then gets a copy in single precision.
    var takesBrainFloats: Bool { get }

    /// The shape of the layer's output.
    /// - Parameter input: shape of one sample, without the batch.
    /// - Throws: `ConfigurationError` when the layer does not take `input`; it names the layer, says what it takes, and
    ///   what it got. The other requirements are asked only for a shape that was accepted here.
    func outputShape(for input: Shape) throws(ConfigurationError) -> Shape

    /// The shape of the output of a layer that takes several tensors; a layer of one need not implement it.
    /// - Parameter inputs: shapes of one sample's tensors, at least one.
    /// - Throws: `ConfigurationError` that says what the layer takes and what it got.
    func outputShape(joining inputs: [Shape]) throws(ConfigurationError) -> Shape

    /// The parameters in the order of PyTorch's `state_dict`; none by default.
    /// - Parameter input: shape of one sample, without the batch.
    func parameters(for input: Shape) -> [LayerParameter]

    /// Number of multiplications that are followed by an addition in the forward pass of one sample; 0 by default.
    /// - Parameter input: shape of one sample, without the batch.
    func multiplyAdds(for input: Shape) -> Int

    /// Adds this layer's forward pass to a plan, and registers what makes its backward pass.
    ///
    /// The layer reads `plan.current`, asks for its parameters in the order of `parameters(for:)`, runs primitives,
    /// and ends with `plan.emit`.
    /// - Throws: `OneDNNError` when the library has no implementation for the shapes.
    func compile(into plan: PlanBuilder) throws(OneDNNError)
}

extension Layer {
    public var isNormalization: Bool { false }
    public var isElementwise: Bool { false }
    public var takesBrainFloats: Bool { false }
    public func outputShape(joining inputs: [Shape]) throws(ConfigurationError) -> Shape {
        guard inputs.count == 1 else {
            throw ConfigurationError("\(description) takes one tensor, not \(inputs.count)")
        }
        return try outputShape(for: inputs[0])
    }
    public func parameters(for input: Shape) -> [LayerParameter] { [] }
    public func multiplyAdds(for input: Shape) -> Int { 0 }
}

/// A tensor of parameters of a layer: its declaration, without values.
public struct LayerParameter: Sendable, Equatable {
    /// The distribution of a parameter's initial values.
    public enum Initialization: Sendable, Equatable {
        /// Uniform on (−1/√fanIn, 1/√fanIn), PyTorch's default for convolutions and linear layers: Kaiming-uniform with
        /// a = √5.
        ///
        /// K. He et al., *Delving Deep into Rectifiers*, ICCV 2015, arXiv:1502.01852.
        case uniform(fanIn: Int)
        /// Normal with mean 0 and variance 1, PyTorch's default for embeddings.
        case normal
        /// One value for all elements.
        case constant(Float)
    }

    /// Its `state_dict` key within the layer, e.g. `weight` or `running_mean`.
    public let name: String
    /// Row-major shape.
    public let shape: [Int]
    /// Distribution of its initial values.
    public let initialization: Initialization
    /// Whether the optimizer or the forward pass moves it.
    public let role: ParameterLayout.Role

    /// Declares a parameter, by default one that the optimizer moves.
    public init(
        name: String, shape: [Int], initialization: Initialization, role: ParameterLayout.Role = .trained
    ) {
        self.name = name
        self.shape = shape
        self.initialization = initialization
        self.role = role
    }

    /// Declares a trained parameter with uniform initial values.
    /// - Parameters:
    ///   - name: `state_dict` key within the layer.
    ///   - shape: row-major shape.
    ///   - fanIn: number of inputs that each output of the layer depends on, > 0.
    public init(name: String, shape: [Int], fanIn: Int) {
        self.init(name: name, shape: shape, initialization: .uniform(fanIn: fanIn))
    }
}
