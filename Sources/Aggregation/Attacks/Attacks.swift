public import FedCore

/// The catalog of attacks: all that can be named with `--attack`.
public enum Attacks {
    /// Every attack, in the order in which `--help` lists them.
    public static let all: [any Attack.Type] = [
        LabelFlip.self, SignFlip.self, ScaledNoise.self, Backdoor.self, ALittleIsEnough.self,
    ]

    /// The attacks that come with the project.
    public static let standard = Catalog(
        "attack", all, name: { $0.name }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in _ = try type.init(&options) })
}

extension Catalog<any Attack.Type> {
    /// Creates the attack of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``Attack/name``.
    ///   - options: the attack's options by name; those not given have their defaults.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when
    ///   one is not known or not accepted.
    public func named(_ name: String, _ options: NamedOptions = [:]) throws(ConfigurationError) -> any Attack {
        try make(name, options) { (type, options) throws(ConfigurationError) in try type.init(&options) }
    }
}
