public import FedCore

/// The catalog of partitioners: all that can be named with `--partition`.
///
/// ```swift
/// let partitioner = try Partitions.named("dirichlet", PartitionSettings(alpha: 0.1))
/// let partition = try partitioner.partition(data.train, clients: 100, seed: 1)
/// ```
public enum Partitions {
    /// Every partitioner, in the order in which `--help` lists them.
    public static let all: [any Partitioner.Type] = [
        IIDPartitioner.self, DirichletPartitioner.self, ShardPartitioner.self, PathologicalPartitioner.self,
        QuantitySkewPartitioner.self, ClassExactPartitioner.self, ByColumnPartitioner.self,
    ]

    /// Each partitioner's options, for help texts and forms.
    public static var descriptions: [PluginDescription] {
        all.map { type in
            PluginDescription(kind: "partition", name: type.name, summary: type.summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try type.init(PartitionSettings(), options: &reader)
            }
        }
    }

    /// Creates the partitioner of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``Partitioner/name``.
    ///   - settings: α and the options by name.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or when a setting is
    ///   out of range or unknown.
    public static func named(
        _ name: String, _ settings: PartitionSettings = PartitionSettings()
    ) throws(ConfigurationError) -> any Partitioner {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "partition", name, choices: all.map { $0.name })
        }
        var reader = OptionReader(settings.named, of: "partition '\(name)'")
        let partitioner = try type.init(settings, options: &reader)
        try reader.finish()
        return partitioner
    }
}
