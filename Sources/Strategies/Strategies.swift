import FedCore

/// The catalog of strategies.
public enum Strategies {
    /// Every strategy, in the order of `--help`.
    public static let all: [any Strategy.Type] = [
        FedAvg.self, FedSGD.self, FedProx.self, Scaffold.self, FedNova.self, FedDyn.self, FedAvgM.self, FedAdam.self,
        FedYogi.self, FedAdagrad.self, QFedAvg.self, MimeLite.self,
    ]

    /// - Parameter settings: of the strategy, by name; see ``Strategy/options``.
    /// - Throws: `ConfigurationError` that lists the catalog, or the strategy's settings, when a name is not there.
    public static func named(
        _ name: String, settings: [String: String] = [:]
    ) throws(ConfigurationError) -> any Strategy {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "strategy", name, choices: all.map { $0.name })
        }
        return try type.init(settings: settings)
    }
}
