public import FedCore

/// The catalog of update codecs.
public enum UpdateCodecs {
    public static let all: [any UpdateCodec.Type] = [HalfPrecisionUpdates.self, DeflatedUpdates.self]

    /// Names and summaries, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { PluginDescription(kind: "update codec", name: $0.name, summary: $0.summary) }
    }

    /// - Parameter name: nil: updates cross as they are.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it.
    public static func named(_ name: String?) throws(ConfigurationError) -> (any UpdateCodec)? {
        guard let name else { return nil }
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "update codec", name, choices: all.map { $0.name })
        }
        return type.init()
    }
}
