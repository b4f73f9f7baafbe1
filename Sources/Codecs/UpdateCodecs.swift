public import FedCore

/// The catalog of update codecs: what `--compress` can name. A new codec is a file in this target and an entry in
/// ``all``; the contract tests of the catalog then cover it.
public enum UpdateCodecs {
    /// The codecs in the order in which help texts list them; names and codes are unique.
    public static let all: [any UpdateCodec.Type] = [HalfPrecisionUpdates.self, DeflatedUpdates.self]

    /// Names and summaries, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { PluginDescription(kind: "update codec", name: $0.name, summary: $0.summary) }
    }

    /// Makes the codec of a name.
    ///
    /// - Parameter name: a name in the catalog; nil for none: updates are then sent as 4-byte floats.
    /// - Returns: nil for no name.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it.
    public static func named(_ name: String?) throws(ConfigurationError) -> (any UpdateCodec)? {
        guard let name else { return nil }
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "update codec", name, choices: all.map { $0.name })
        }
        return type.init()
    }
}
