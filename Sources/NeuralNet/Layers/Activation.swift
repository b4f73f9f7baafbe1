import COneDNN
public import FedCore

/// A function of each element, as PyTorch's module of the same name. ``ReLU`` is a layer of its own, because other
/// layers can take it over.
public struct Activation: Layer, Equatable {
    /// The function.
    public enum Kind: Sendable, Hashable {
        /// min(max(x, 0), 6). Its derivative is 0 at the edges.
        ///
        /// A. Krizhevsky, *Convolutional Deep Belief Networks on CIFAR-10*, 2010.
        case relu6
        /// x where it is positive, slope · x elsewhere.
        ///
        /// A. L. Maas, A. Y. Hannun, A. Y. Ng, *Rectifier Nonlinearities Improve Neural Network Acoustic Models*,
        /// ICML 2013.
        case leakyReLU(slope: Float)
        /// x · Φ(x), with the normal distribution function by erf, not approximated by tanh.
        ///
        /// D. Hendrycks, K. Gimpel, *Gaussian Error Linear Units (GELUs)*, 2016, arXiv:1606.08415.
        case gelu
        /// x · σ(x), also called swish.
        ///
        /// S. Elfwing, E. Uchibe, K. Doya, *Sigmoid-Weighted Linear Units for Neural Network Function Approximation in
        /// Reinforcement Learning*, 2017, arXiv:1702.03118.
        case silu
        /// The hyperbolic tangent.
        case tanh
        /// The logistic function, 1 / (1 + e⁻ˣ).
        case sigmoid
    }

    /// The function.
    public let kind: Kind

    /// Makes a layer.
    /// - Precondition: a slope is a number.
    public init(_ kind: Kind) {
        if case .leakyReLU(let slope) = kind { precondition(slope.isFinite, "a slope of \(slope)") }
        self.kind = kind
    }

    public var isElementwise: Bool { true }

    public var description: String {
        switch kind {
        case .relu6: "ReLU6"
        case .leakyReLU(let slope): "LeakyReLU, slope \(slope)"
        case .gelu: "GELU"
        case .silu: "SiLU"
        case .tanh: "Tanh"
        case .sigmoid: "Sigmoid"
        }
    }

    /// The input's shape.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { input }

    /// oneDNN's function with its two constants.
    private var function: (algorithm: dnnl_alg_kind_t, alpha: Float, beta: Float) {
        switch kind {
        // With alpha 0 its derivative is 0 at both edges, as PyTorch's.
        case .relu6: (dnnl_eltwise_clip_v2, 0, 6)
        case .leakyReLU(let slope): (dnnl_eltwise_relu, slope, 0)
        case .gelu: (dnnl_eltwise_gelu_erf, 0, 0)
        case .silu: (dnnl_eltwise_swish, 1, 0)
        case .tanh: (dnnl_eltwise_tanh, 0, 0)
        case .sigmoid: (dnnl_eltwise_logistic, 0, 0)
        }
    }

    /// Compiles oneDNN's pass over the tensor, in any layout, and one for the derivative. That reads the input, not the
    /// output, which a dropout behind it may have changed.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let original = plan.current
        var input = original
        // The one function that makes something of the zeros in padding: oneDNN has no fast kernel for that.
        if kind == .sigmoid, original.descriptor.isPadded {
            input = try plan.reordered(original, to: .plain(original.descriptor.extents))
        }
        let source = input
        let (algorithm, alpha, beta) = function
        var layout = source.descriptor.raw
        var operation = dnnl_eltwise_desc_t()
        try check(
            "dnnl_eltwise_forward_desc_init",
            dnnl_eltwise_forward_desc_init(&operation, plan.propagation, algorithm, &layout, alpha, beta))
        let forward = try PrimitiveDescriptor(description, &operation, engine: plan.engine)
        let result = plan.tensor(source.descriptor)
        try plan.run(forward, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, result)])
        let needsInputGradient = plan.needsInputGradient
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            guard needsInputGradient else { return nil }
            let outputGradient = try plan.reordered(gradient.tensor, to: source.descriptor)
            var data = source.descriptor.raw
            var differentiated = data
            var operation = dnnl_eltwise_desc_t()
            try check(
                "dnnl_eltwise_backward_desc_init",
                dnnl_eltwise_backward_desc_init(&operation, algorithm, &differentiated, &data, alpha, beta))
            let backward = try PrimitiveDescriptor(
                "\(description) backward", &operation, forward: forward, engine: plan.engine)
            let inputGradient = plan.tensor(source.descriptor)
            try plan.run(
                backward,
                [(DNNL_ARG_SRC, source), (DNNL_ARG_DIFF_DST, outputGradient), (DNNL_ARG_DIFF_SRC, inputGradient)])
            return Gradient(tensor: try plan.reordered(inputGradient, to: original.descriptor))
        }
    }
}
