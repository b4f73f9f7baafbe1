public import FedCore

/// The catalog of update codecs: what `--compress` can name. A new codec is a file in this target and an entry in
/// ``all``; the contract tests of the catalog then cover it.
public enum UpdateCodecs {
    /// The codecs in the order in which help texts list them; names and codes are unique.
    public static let all: [any UpdateCodec.Type] = [HalfPrecisionUpdates.self, DeflatedUpdates.self]

    /// The codecs that come with the project.
    public static let standard = Catalog("update codec", all, name: { $0.name }, summary: { $0.summary })
}

extension Catalog<any UpdateCodec.Type> {
    /// Creates the codec of this name.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it.
    public func named(_ name: String) throws(ConfigurationError) -> any UpdateCodec { try entry(named: name).init() }
}
