public import FedCore

/// The catalog of layers that a model's text can name.
public enum LayerKinds {
    /// Every kind, in the order of help.
    public static let all: [LayerKind] = [
        convolution, depthwise, linear, batchNorm, relu, maxPool, flatten, dropout, add, concat,
    ]

    /// The layers that come with the project.
    public static let standard = Catalog(
        "layer", all, name: { $0.name }, usage: { $0.usage.isEmpty ? "" : " " + $0.usage }, summary: { $0.summary })
}

// Layers with weights.
extension LayerKinds {
    static let convolution = LayerKind(
        "conv", "WIDTH [KxK] [stride S] [pad P] [groups G]",
        "Convolution of images with WIDTH outputs, as Conv2d; 3x3 unless given, without padding."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        let width = try words.number("a number of outputs")
        let groups = try words.option("groups", in: 1...65_536) ?? 1
        guard words.channels.isMultiple(of: groups), width.isMultiple(of: groups) else {
            throw ConfigurationError("\(groups) groups divide neither \(words.channels) channels nor \(width) outputs")
        }
        return try window(&words, inputs: words.channels, outputs: width, groups: groups)
    }

    static let depthwise = LayerKind(
        "depthwise", "[KxK] [stride S] [pad P]",
        "Convolution of each channel by itself; 3x3 unless given, without padding."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        return try window(&words, inputs: words.channels, outputs: words.channels, groups: words.channels)
    }

    /// Reads the window of a convolution.
    private static func window(
        _ words: inout LayerArguments, inputs: Int, outputs: Int, groups: Int
    ) throws(ConfigurationError) -> Conv2D {
        let kernel = try words.optionalSquare() ?? 3
        return Conv2D(
            inputs, outputs, kernel: kernel, padding: try words.option("pad", in: 0...4096) ?? 0,
            stride: try words.option("stride") ?? 1, groups: groups)
    }

    static let linear = LayerKind(
        "linear", "[WIDTH]",
        "Fully connected layer; as the last one, without a WIDTH, it has as many outputs as the data ask for.",
        flattensImages: true
    ) { (words) throws(ConfigurationError) in
        let width = try words.optionalNumber(in: 1...10_000_000)
        guard let outputs = width ?? words.outputs else {
            throw ConfigurationError("only the last 'linear' can do without a width")
        }
        return Linear(words.input.count, outputs)
    }

    static let batchNorm = LayerKind(
        "batchnorm", "", "Normalisation of each channel by the batch."
    ) { (words) throws(ConfigurationError) in BatchNorm2D(words.channels) }
}

// Layers without weights.
extension LayerKinds {
    static let relu = LayerKind("relu", "", "max(x, 0).") { (_) throws(ConfigurationError) in ReLU() }

    static let maxPool = LayerKind(
        "maxpool", "K [stride S]", "Largest value of each window of K x K; windows adjoin unless a stride is given."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        return MaxPool2D(try words.optionalSquare() ?? 2, stride: try words.option("stride"))
    }

    static let flatten = LayerKind("flatten", "", "An image as a vector of features.") {
        (_) throws(ConfigurationError) in Flatten()
    }

    static let dropout = LayerKind(
        "dropout", "RATE", "Zeroes each element with this probability while training, from 0 to below 1."
    ) { (words) throws(ConfigurationError) in
        guard let rate = try words.optionalFraction(in: 0...0.999) else {
            throw ConfigurationError("'dropout' needs a rate")
        }
        return Dropout(rate)
    }

    static let add = LayerKind(
        "add", "NAME…", "Sum of the layer before and the layers named.", joinsNamed: true
    ) { (_) throws(ConfigurationError) in Add() }

    static let concat = LayerKind(
        "concat", "NAME…", "Channels of the layer before, and behind them those of the layers named.", joinsNamed: true
    ) { (_) throws(ConfigurationError) in Concat() }
}
