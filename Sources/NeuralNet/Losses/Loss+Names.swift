public import FedCore

// By name, and by what there is to learn.
extension Loss {
    /// Every loss that settings can name, in the order of help texts.
    private static let catalog: [(name: String, summary: String)] = [
        ("cross-entropy", "softmax against the label, which label-smoothing spreads over all classes"),
        ("binary", "sigmoid and cross-entropy of one output, for data of two classes or one label of 0 or 1"),
        ("multi-label", "sigmoid and cross-entropy of each output, for labels of 0 or 1"),
        ("mse", "mean squared error, for targets that are numbers"),
    ]

    /// The names of all losses.
    public static var names: [String] { catalog.map(\.name) }

    /// What each takes, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        catalog.map { name, summary in
            PluginDescription(kind: "loss", name: name, summary: summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try make(name, &reader)
            }
        }
    }

    /// Makes the loss of this name.
    /// - Parameters:
    ///   - name: one of ``names``.
    ///   - options: what it takes, by name.
    /// - Throws: `ConfigurationError` when the loss or one of its options is unknown or out of range.
    public init(named name: String, _ options: NamedOptions = [:]) throws(ConfigurationError) {
        var reader = OptionReader(options, of: "loss '\(name)'")
        self = try Self.make(name, &reader)
        try reader.finish()
    }

    /// The loss that fits what there is to learn, where nobody names one.
    public static func fitting(_ task: LearningTask) -> Loss {
        switch task {
        case .classes: .crossEntropy()
        case .labels(let count): count == 1 ? .binary : .multiLabel
        case .values: .meanSquaredError
        }
    }

    /// What a model learns by this loss from data of a task: the task itself, but for two classes that share an output.
    /// - Throws: `ConfigurationError` when the loss is not for such data.
    public func task(on task: LearningTask) throws(ConfigurationError) -> LearningTask {
        switch (self, task) {
        case (.crossEntropy, .classes), (.binary, .labels(1)), (.multiLabel, .labels), (.meanSquaredError, .values):
            return task
        case (.binary, .classes(2)): return .labels(1)
        default:
            throw ConfigurationError("\(name) is not for \(task); \(Self.fitting(task).name) is")
        }
    }

    /// The name that settings know it by.
    public var name: String {
        switch self {
        case .crossEntropy: "cross-entropy"
        case .binary: "binary"
        case .multiLabel: "multi-label"
        case .meanSquaredError: "mse"
        }
    }

    /// Reads a loss's options; also asked for what they are, without values.
    private static func make(_ name: String, _ reader: inout OptionReader) throws(ConfigurationError) -> Loss {
        switch name {
        case "cross-entropy":
            .crossEntropy(
                labelSmoothing: try reader.number("label-smoothing", default: Float(0), "in [0, 1)") {
                    $0 >= 0 && $0 < 1
                })
        case "binary": .binary
        case "multi-label": .multiLabel
        case "mse": .meanSquaredError
        default: throw ConfigurationError(unknown: "loss", name, choices: names)
        }
    }
}
