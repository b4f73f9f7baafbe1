public import FedCore

/// The catalog of selection rules: all that can be named with `--selection`.
public enum Selections {
    /// Every rule, in the order in which `--help` lists them.
    public static let all: [any SelectionRule.Type] = [
        Uniform.self, BySize.self, RoundRobin.self, PowerOfChoice.self, Oort.self, PerformanceHistory.self,
    ]

    /// Each rule's options, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "selection", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                var rule = type.init()
                try rule.read(&reader)
            }
        }
    }

    /// Creates the rule of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``SelectionRule/name``.
    ///   - options: the rule's options by name; those not given have their defaults.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when
    ///   one is not known or not accepted.
    public static func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any SelectionRule {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "selection", name, choices: all.map { $0.name })
        }
        var rule = type.init()
        var reader = OptionReader(options, of: "selection '\(name)'")
        try rule.read(&reader)
        try reader.finish()
        return rule
    }
}
