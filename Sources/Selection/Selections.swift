public import FedCore

/// The catalog of selection rules: all that can be named with `--selection`.
public enum Selections {
    /// Every rule, in the order in which `--help` lists them.
    public static let all: [any SelectionRule.Type] = [
        Uniform.self, BySize.self, RoundRobin.self, PowerOfChoice.self, Oort.self, PerformanceHistory.self,
        BatteryFirst.self, EnergyAware.self, Poisson.self, Cyclic.self,
    ]

    /// The rules that come with the project.
    public static let standard = Catalog(
        "selection", all, name: { $0.name }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in _ = try type.init(&options) })
}

extension Catalog<any SelectionRule.Type> {
    /// Creates the rule of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``SelectionRule/name``.
    ///   - options: the rule's options by name; those not given have their defaults.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when
    ///   one is not known or not accepted.
    public func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any SelectionRule {
        try make(name, options) { (type, options) throws(ConfigurationError) in try type.init(&options) }
    }
}

extension SelectionRule {
    fileprivate init(_ options: inout OptionReader) throws(ConfigurationError) {
        self.init()
        try read(&options)
    }
}
