public import FedCore

/// The catalog of strategies: all that can be named with `--strategy`.
///
/// ```swift
/// let strategy = try Strategies.named("fedprox", NamedOptions(parsing: "mu=0.1"))
/// ```
public enum Strategies {
    /// Every strategy, in the order in which `--help` lists them.
    public static let all: [any Strategy.Type] = [
        FedAvg.self, FedSGD.self, FedProx.self, Scaffold.self, FedNova.self, FedDyn.self, FedAvgM.self, FedAdam.self,
        FedYogi.self, FedAdagrad.self, QFedAvg.self, MimeLite.self, Ditto.self, FedPer.self, FedBN.self, FedAsync.self,
        FedBuff.self,
    ]

    /// Each strategy's options, for help texts and forms. They are found by letting every strategy read an
    /// empty set of options, so a strategy states its options only once.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "strategy", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                var strategy = type.init()
                try strategy.read(&reader)
            }
        }
    }

    /// Creates the strategy of this name, with nothing remembered.
    ///
    /// - Parameters:
    ///   - name: as in `Strategy.name`.
    ///   - options: the strategy's options by name; those not given have the defaults of its paper.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the strategy's
    ///   options when one is not known or not accepted.
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
