public import FedCore

/// The catalog of layers that a model's text can name.
public enum LayerKinds {
    /// Every kind, in the order of help.
    public static let all: [LayerKind] = [
        convolution, depthwise, linear, embedding, lstm, gru, batchNorm, groupNorm, layerNorm, relu, relu6, leakyReLU,
        gelu,
        silu, tanh, sigmoid, maxPool, averagePool, globalAveragePool, flatten, dropout, add, concat, mean,
    ]

    /// The layers that come with the project.
    public static let standard = Catalog(
        "layer", all, name: { $0.name }, usage: { $0.usage.isEmpty ? "" : " " + $0.usage }, summary: { $0.summary })
}

// Layers with weights.
extension LayerKinds {
    /// `conv OUT KxK` with options in any order; the number of input channels is that of what comes before.
    static let convolution = LayerKind(
        "conv", "WIDTH [KxK] [stride S] [pad P] [dilation D] [groups G] [no-bias]",
        "Convolution of images with WIDTH outputs, as Conv2d; 3x3 unless given, without padding."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        let width = try words.number("a number of outputs")
        let groups = try words.option("groups", in: 1...65_536) ?? 1
        guard words.channels.isMultiple(of: groups), width.isMultiple(of: groups) else {
            throw ConfigurationError(
                "\(groups) groups do not divide \(words.channels) channels and \(width) outputs alike")
        }
        return try window(&words, outputs: width, groups: groups)
    }

    /// A convolution with as many groups as channels.
    static let depthwise = LayerKind(
        "depthwise", "[KxK] [stride S] [pad P] [dilation D] [no-bias]",
        "Convolution of each channel by itself; 3x3 unless given, without padding."
    ) { (words) throws(ConfigurationError) in
        try words.checkImage()
        return try window(&words, outputs: words.channels, groups: words.channels)
    }

    /// Reads the window of a convolution.
    /// Kernel, stride, padding and dilation, as convolutions and pooling share them.
    private static func window(
        _ words: inout LayerArguments, outputs: Int, groups: Int
    ) throws(ConfigurationError) -> Conv2D {
        let kernel = try words.optionalSquare() ?? 3
        return Conv2D(
            words.channels, outputs, kernel: kernel, padding: try words.option("pad", in: 0...4096) ?? 0,
            stride: try words.option("stride") ?? 1, dilation: try words.option("dilation") ?? 1, groups: groups,
            hasBias: !words.flag("no-bias"))
    }

    /// `linear OUT`; without a number the last layer takes the outputs that the data ask for.
    static let linear = LayerKind(
        "linear", "[WIDTH] [no-bias]",
        "Fully connected layer; as the last one, without a WIDTH, it has as many outputs as the data ask for.",
        flattensImages: true
    ) { (words) throws(ConfigurationError) in
        let width = try words.optionalNumber(in: 1...10_000_000)
        guard let outputs = width ?? words.outputs else {
            throw ConfigurationError("only the last 'linear' can do without a width")
        }
        return Linear(words.input.count, outputs, hasBias: !words.flag("no-bias"))
    }

    /// Indices become vectors; the input is one row of indices.
    static let embedding = LayerKind(
        "embedding", "COUNT WIDTH", "A vector of WIDTH features for each index from 0 to below COUNT, as of characters."
    ) { (words) throws(ConfigurationError) in
        let count = try words.number("a number of indices", in: 1...1 << 24)
        return Embedding(count, try words.number("a width"))
    }

    /// S. Hochreiter, J. Schmidhuber, 1997; in PyTorch's order of gates.
    static let lstm = LayerKind(
        "lstm", "WIDTH [layers N] [last]",
        "Long short-term memory over a sequence; with last, the last step's output alone."
    ) { (words) throws(ConfigurationError) in
        LSTM(
            try words.stepFeatures(), try words.number("a width"), layers: try words.option("layers", in: 1...64) ?? 1,
            last: words.flag("last"))
    }

    /// K. Cho et al., 2014; in PyTorch's order of gates.
    static let gru = LayerKind(
        "gru", "WIDTH [layers N] [last]",
        "Gated recurrent units over a sequence; with last, the last step's output alone."
    ) { (words) throws(ConfigurationError) in
        GRU(
            try words.stepFeatures(), try words.number("a width"), layers: try words.option("layers", in: 1...64) ?? 1,
            last: words.flag("last"))
    }
}

// Normalisation.
extension LayerKinds {
    private static let epsilons = 1e-12...1.0

    /// Running statistics are federated, too.
    static let batchNorm = LayerKind(
        "batchnorm", "[epsilon E] [momentum M]", "Normalisation of each channel, or feature, by the batch."
    ) { (words) throws(ConfigurationError) in
        BatchNorm2D(
            words.channels, epsilon: try words.fraction("epsilon", in: epsilons) ?? 1e-5,
            momentum: try words.fraction("momentum", in: 1e-6...1) ?? 0.1)
    }

    /// Y. Wu, K. He, ECCV 2018: no statistics of a batch, which unlike clients do not share.
    static let groupNorm = LayerKind(
        "groupnorm", "GROUPS [epsilon E]", "Normalisation of each sample's channels in GROUPS groups."
    ) { (words) throws(ConfigurationError) in
        let groups = try words.number("a number of groups")
        guard words.channels.isMultiple(of: groups) else {
            throw ConfigurationError("\(groups) groups do not divide \(words.channels) channels")
        }
        return GroupNorm(groups, words.channels, epsilon: try words.fraction("epsilon", in: epsilons) ?? 1e-5)
    }

    /// J. Ba et al., 2016.
    static let layerNorm = LayerKind(
        "layernorm", "[epsilon E]", "Normalisation of each sample's features, or of those of each step of a sequence."
    ) { (words) throws(ConfigurationError) in
        LayerNorm(
            words.input.extents[words.input.extents.count - 1],
            epsilon: try words.fraction("epsilon", in: epsilons) ?? 1e-5)
    }
}
