public import FedCore

/// An optimizer of local training: a value of settings; what it remembers is in the plan that it steps.
public enum Optimizer: Sendable, Equatable {
    /// Stochastic gradient descent.
    case sgd(SGD)
    /// Adam, or AdamW.
    case adam(Adam)

    /// Learning rate η > 0.
    public var learningRate: Float {
        get {
            switch self {
            case .sgd(let optimizer): optimizer.learningRate
            case .adam(let optimizer): optimizer.learningRate
            }
        }
        set {
            switch self {
            case .sgd(var optimizer):
                optimizer.learningRate = newValue
                self = .sgd(optimizer)
            case .adam(var optimizer):
                optimizer.learningRate = newValue
                self = .adam(optimizer)
            }
        }
    }

    /// Vectors as long as the trained weights that it remembers from step to step: none of plain SGD, the velocity, or
    /// Adam's two moments.
    public var moments: Int {
        switch self {
        case .sgd(let optimizer): optimizer.momentum > 0 ? 1 : 0
        case .adam: 2
        }
    }

    /// Moves a plan's trained weights by the gradients of its latest backward pass; running statistics stay.
    /// - Complexity: O(parameters), one vectorised pass.
    /// - Precondition: the plan is for training.
    public func step(_ plan: Plan) {
        switch self {
        case .sgd(let optimizer): optimizer.step(plan)
        case .adam(let optimizer): optimizer.step(plan)
        }
    }
}

// By name.
extension Optimizer {
    /// Every optimizer, in the order of help texts.
    private static let catalog: [(name: String, summary: String)] = [
        ("sgd", "stochastic gradient descent, with momentum"),
        ("adam", "steps scaled by the moments of the gradient; decay is an L2 penalty"),
        ("adamw", "Adam whose weight decay is apart from the gradient"),
    ]

    /// The names of all optimizers.
    public static var names: [String] { catalog.map(\.name) }

    /// What each takes, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        catalog.map { name, summary in
            PluginDescription(kind: "optimizer", name: name, summary: summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try make(name, &reader, learningRate: 1, momentum: 0, weightDecay: 0)
            }
        }
    }

    /// Makes the optimizer of this name.
    /// - Parameters:
    ///   - name: one of ``names``.
    ///   - options: what it takes beside the learning rate, by name.
    ///   - learningRate: η > 0.
    ///   - momentum: that of SGD, in [0, 1); others have moments of their own.
    ///   - weightDecay: λ ≥ 0.
    /// - Throws: `ConfigurationError` when the optimizer or one of its options is unknown or out of range.
    public init(
        named name: String, _ options: NamedOptions = [:], learningRate: Float, momentum: Float, weightDecay: Float
    ) throws(ConfigurationError) {
        var reader = OptionReader(options, of: "optimizer '\(name)'")
        self = try Self.make(
            name, &reader, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
        try reader.finish()
    }

    /// Reads an optimizer's options; also asked for what they are, without values.
    private static func make(
        _ name: String, _ reader: inout OptionReader, learningRate: Float, momentum: Float, weightDecay: Float
    ) throws(ConfigurationError) -> Optimizer {
        switch name {
        case "sgd": .sgd(SGD(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay))
        case "adam", "adamw":
            .adam(
                Adam(
                    learningRate: learningRate,
                    beta1: try reader.number("beta1", default: 0.9, "in [0, 1)") { $0 >= 0 && $0 < 1 },
                    beta2: try reader.number("beta2", default: 0.999, "in [0, 1)") { $0 >= 0 && $0 < 1 },
                    epsilon: try reader.number("epsilon", default: Float(1e-8), "at least 1e-30") {
                        $0 >= 1e-30 && $0.isFinite
                    }, weightDecay: weightDecay, isDecoupled: name == "adamw"))
        default: throw ConfigurationError(unknown: "optimizer", name, choices: names)
        }
    }
}
