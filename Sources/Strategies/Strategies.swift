import FedCore

/// The catalog of strategies.
public enum Strategies {
    /// Every strategy, in the order of `--help`.
    public static let all: [any Strategy.Type] = [FedAvg.self, FedProx.self]

    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it.
    public static func named(_ name: String) throws(ConfigurationError) -> any Strategy {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "strategy", name, choices: all.map { $0.name })
        }
        return type.init()
    }
}
