public import FedCore

// By name. Losses against targets have none yet: no data set has targets.
extension Loss {
    /// Every loss that settings can name, in the order of help texts.
    private static let catalog: [(name: String, summary: String)] = [
        ("cross-entropy", "softmax against the label, which label-smoothing spreads over all classes")
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

    /// Reads a loss's options; also asked for what they are, without values.
    private static func make(_ name: String, _ reader: inout OptionReader) throws(ConfigurationError) -> Loss {
        switch name {
        case "cross-entropy":
            .crossEntropy(
                labelSmoothing: try reader.number("label-smoothing", default: Float(0), "in [0, 1)") {
                    $0 >= 0 && $0 < 1
                })
        default: throw ConfigurationError(unknown: "loss", name, choices: names)
        }
    }
}
