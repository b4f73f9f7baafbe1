public import FedCore

/// The catalog of aggregation rules.
public enum Aggregations {
    /// Every rule, in the order of `--help`.
    public static let all: [any RobustAggregation.Type] = [
        WeightedMean.self, CoordinateMedian.self, TrimmedMean.self, Krum.self, MultiKrum.self, Bulyan.self,
        GeometricMedian.self, NormClipping.self, FLTrust.self,
    ]

    /// What each takes, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "aggregation", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try type.init(&reader)
            }
        }
    }

    /// The rule of this name with these options.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when one is not
    ///   known or not accepted.
    public static func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any RobustAggregation {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "aggregation", name, choices: all.map { $0.name })
        }
        var reader = OptionReader(options, of: "aggregation '\(name)'")
        let rule = try type.init(&reader)
        try reader.finish()
        return rule
    }
}

extension OptionReader {
    /// `attackers`: how many updates of a round may be anything at all.
    mutating func attackers() throws(ConfigurationError) -> Int {
        try integer("attackers", default: 1, "from 0 to 1,000,000") { (0...1_000_000).contains($0) }
    }
}
