public import FedCore

/// The catalog of attacks: all that can be named with `--attack`.
public enum Attacks {
    /// Every attack, in the order in which `--help` lists them.
    public static let all: [any Attack.Type] = [
        LabelFlip.self, SignFlip.self, ScaledNoise.self, Backdoor.self, ALittleIsEnough.self,
    ]

    /// Each attack's options, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "attack", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try type.init(&reader)
            }
        }
    }

    /// Creates the attack of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``Attack/name``.
    ///   - options: the attack's options by name; those not given have their defaults.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when
    ///   one is not known or not accepted.
    public static func named(_ name: String, _ options: NamedOptions = [:]) throws(ConfigurationError) -> any Attack {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "attack", name, choices: all.map { $0.name })
        }
        var reader = OptionReader(options, of: "attack '\(name)'")
        let attack = try type.init(&reader)
        try reader.finish()
        return attack
    }
}
