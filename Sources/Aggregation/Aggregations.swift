public import FedCore

/// The catalog of aggregation rules: all that can be named with `--aggregation`.
///
/// ```swift
/// var rule = try Aggregations.standard.named("krum", NamedOptions(parsing: "attackers=2"))
/// try rule.validate(updates: 7)
/// ```
public enum Aggregations {
    /// Every rule, in the order in which `--help` lists them.
    public static let all: [any RobustAggregation.Type] = [
        WeightedMean.self, CoordinateMedian.self, TrimmedMean.self, Krum.self, MultiKrum.self, Bulyan.self,
        GeometricMedian.self, NormClipping.self, FLTrust.self,
    ]

    /// The rules that come with the project.
    public static let standard = Catalog(
        "aggregation", all, name: { $0.name }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in _ = try type.init(&options) })
}

extension Catalog<any RobustAggregation.Type> {
    /// Creates the rule of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``RobustAggregation/name``.
    ///   - options: the rule's options by name; those not given have their defaults.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or the options when
    ///   one is not known or not accepted.
    public func named(
        _ name: String, _ options: NamedOptions = [:]
    ) throws(ConfigurationError) -> any RobustAggregation {
        try make(name, options) { (type, options) throws(ConfigurationError) in try type.init(&options) }
    }
}

extension OptionReader {
    /// Reads option `attackers`, f: the number of updates of a round that may be anything at all; 1 by default.
    /// A bound that the user assumes, not a finding.
    mutating func attackers() throws(ConfigurationError) -> Int {
        try integer("attackers", default: 1, "from 0 to 1,000,000") { (0...1_000_000).contains($0) }
    }
}
