public import FedCore

/// The catalog of strategies.
public enum Strategies {
    /// Every strategy, in the order of `--help`.
    public static let all: [any Strategy.Type] = [
        FedAvg.self, FedSGD.self, FedProx.self, Scaffold.self, FedNova.self, FedDyn.self, FedAvgM.self, FedAdam.self,
        FedYogi.self, FedAdagrad.self, QFedAvg.self, MimeLite.self, Ditto.self, FedPer.self, FedBN.self, FedAsync.self,
        FedBuff.self,
    ]

    /// What each takes, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "strategy", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                var strategy = type.init()
                try strategy.read(&reader)
            }
        }
    }

    /// - Throws: `ConfigurationError` that lists the catalog, or the strategy's options, when a name is not there.
    public static func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any Strategy {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "strategy", name, choices: all.map { $0.name })
        }
        var strategy = type.init()
        var reader = OptionReader(options, of: "strategy '\(name)'")
        try strategy.read(&reader)
        try reader.finish()
        return strategy
    }
}
