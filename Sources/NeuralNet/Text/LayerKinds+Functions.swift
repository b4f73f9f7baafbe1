import FedCore

// Layers without weights.
extension LayerKinds {
    /// A. Krizhevsky et al., 2012; the rest of a network can do it in place.
    static let relu = LayerKind("relu", "", "max(x, 0).") { (_) throws(ConfigurationError) in ReLU() }
    /// A. Howard et al., *MobileNets*, 2017.
    static let relu6 = function("relu6", "min(max(x, 0), 6).", .relu6)
    /// D. Hendrycks, K. Gimpel, 2016; by the error function, as PyTorch's default.
    static let gelu = function("gelu", "x · Φ(x), Φ the normal distribution function.", .gelu)
    /// S. Elfwing et al., 2017; P. Ramachandran et al., *Swish*, 2017.
    static let silu = function("silu", "x · σ(x), also called swish.", .silu)
    static let tanh = function("tanh", "The hyperbolic tangent.", .tanh)
    static let sigmoid = function("sigmoid", "The logistic function.", .sigmoid)

    /// A function of each element without options.
    private static func function(_ name: String, _ summary: String, _ kind: Activation.Kind) -> LayerKind {
        LayerKind(name, "", summary) { (_) throws(ConfigurationError) in Activation(kind) }
    }

    /// A. Maas et al., 2013.
    static let leakyReLU = LayerKind(
        "leaky-relu", "[SLOPE]", "x where it is positive, SLOPE · x elsewhere; 0.01 unless given."
    ) { (words) throws(ConfigurationError) in
        Activation(.leakyReLU(slope: Float(try words.optionalFraction(in: 0...1) ?? 0.01)))
    }

    /// The largest value of each window, as PyTorch's `MaxPool2d`, rounded down.
    static let maxPool = LayerKind(
        "maxpool", "[K] [stride S] [pad P] [ceil]",
        "Largest value of each window of K x K, 2 unless given; windows adjoin unless a stride is given, and drop what is "
            + "left at the edge unless ceil is."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        let kernel = try words.optionalSquare() ?? 2
        return MaxPool2D(
            kernel, stride: try words.option("stride"), padding: try words.option("pad", in: 0...kernel / 2) ?? 0,
            coversEdge: words.flag("ceil"))
    }

    /// As PyTorch's `AvgPool2d`.
    static let averagePool = LayerKind(
        "avgpool", "[K] [stride S] [pad P]",
        "Mean of each window of K x K, 2 unless given, zeros of the padding included; windows adjoin unless a stride is given."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        let kernel = try words.optionalSquare() ?? 2
        return AvgPool2D(
            kernel, stride: try words.option("stride"), padding: try words.option("pad", in: 0...kernel / 2) ?? 0)
    }

    static let globalAveragePool = LayerKind("global-avgpool", "", "Mean of each channel.") {
        (words) throws(ConfigurationError) in
        try words.checkImage()
        return GlobalAvgPool2D()
    }

    static let flatten = LayerKind("flatten", "", "An image as a vector of features.") {
        (_) throws(ConfigurationError) in Flatten()
    }

    /// N. Srivastava et al., JMLR 2014; masks are drawn from the seed, so that every rank drops the same.
    static let dropout = LayerKind(
        "dropout", "RATE", "Zeroes each element with this probability while training, from 0 to below 1."
    ) { (words) throws(ConfigurationError) in
        guard let rate = try words.optionalFraction(in: 0...0.999) else {
            throw ConfigurationError("'dropout' needs a rate")
        }
        return Dropout(rate)
    }

    /// Several tensors of one shape: the end of a residual branch.
    static let add = LayerKind(
        "add", "NAME…", "Sum of the layer before and the layers named.", joinsNamed: true
    ) { (_) throws(ConfigurationError) in Add() }

    static let mean = LayerKind(
        "mean", "NAME…", "Mean of the layer before and the layers named, e.g. of several exits.", joinsNamed: true
    ) { (_) throws(ConfigurationError) in Mean() }

    /// Along the channels.
    static let concat = LayerKind(
        "concat", "NAME…", "Channels of the layer before, and behind them those of the layers named.", joinsNamed: true
    ) { (_) throws(ConfigurationError) in Concat() }
}
