import COneDNN
public import FedCore

/// The rectifier, max(x, 0). After a convolution, a linear layer or a normalisation it costs nothing forward: the
/// layer before applies it to its results before it writes them (``PlanBuilder/fusesReLU()``).
public struct ReLU: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "ReLU" }

    public var isElementwise: Bool { true }

    public var takesBrainFloats: Bool { true }

    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { input }

    /// Compiles a pass of its own over the tensor; called only when the layer before did not apply it.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let input = plan.current
        var layout = input.descriptor.raw
        var operation = dnnl_eltwise_desc_t()
        try check(
            "dnnl_eltwise_forward_desc_init",
            dnnl_eltwise_forward_desc_init(&operation, plan.propagation, dnnl_eltwise_relu, &layout, 0, 0))
        let forward = try PrimitiveDescriptor("ReLU", &operation, engine: plan.engine)
        var output = plan.tensor(input.descriptor)
        output.isRectified = true
        let result = output
        try plan.run(forward, [(DNNL_ARG_SRC, input), (DNNL_ARG_DST, result)])
        let needsInputGradient = plan.needsInputGradient
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            guard needsInputGradient else { return nil }
            return Gradient(tensor: try plan.rectified(gradient, by: result).tensor)
        }
    }
}
