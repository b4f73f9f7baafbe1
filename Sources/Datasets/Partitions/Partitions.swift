import FedCore

/// The catalog of partitioners.
public enum Partitions {
    /// Every partitioner, in the order of `--help`.
    public static let all: [any Partitioner.Type] = [IIDPartitioner.self, DirichletPartitioner.self]

    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or when a setting is out of
    ///   range.
    public static func named(
        _ name: String, _ settings: PartitionSettings = PartitionSettings()
    ) throws(ConfigurationError) -> any Partitioner {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "partition", name, choices: all.map { $0.name })
        }
        return try type.init(settings)
    }
}
