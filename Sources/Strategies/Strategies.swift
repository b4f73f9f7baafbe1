public import FedCore

/// The catalog of strategies: all that can be named with `--strategy`.
///
/// ```swift
/// let strategy = try Strategies.standard.named("fedprox", NamedOptions(parsing: "mu=0.1"))
/// ```
public enum Strategies {
    /// Every strategy, in the order in which `--help` lists them.
    public static let all: [any Strategy.Type] = [
        FedAvg.self, FedSGD.self, FedProx.self, Scaffold.self, FedNova.self, FedDyn.self, FedAvgM.self, FedAdam.self,
        FedYogi.self, FedAdagrad.self, QFedAvg.self, MimeLite.self, Ditto.self, FedPer.self, FedBN.self, FedAsync.self,
        FedBuff.self, HeteroFL.self, FedRolex.self, FjORD.self, DepthFL.self, FedMD.self,
    ]

    /// The strategies that come with the project.
    public static let standard = Catalog(
        "strategy", all, name: { $0.name }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in _ = try type.init(&options) })
}

extension Catalog<any Strategy.Type> {
    /// Creates the strategy of this name, with nothing remembered.
    ///
    /// - Parameters:
    ///   - name: as in `Strategy.name`.
    ///   - options: the strategy's options by name; those not given have the defaults of its paper.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the strategy's
    ///   options when one is not known or not accepted.
    public func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any Strategy {
        try make(name, options) { (type, options) throws(ConfigurationError) in try type.init(&options) }
    }
}

extension Strategy {
    fileprivate init(_ options: inout OptionReader) throws(ConfigurationError) {
        self.init()
        try read(&options)
    }
}
