public import FedCore

/// The catalog of partitioners: all that can be named with `--partition`.
///
/// ```swift
/// let partitioner = try Partitions.standard.named("dirichlet", PartitionSettings(alpha: 0.1))
/// let partition = try partitioner.partition(data.train, clients: 100, seed: 1)
/// ```
public enum Partitions {
    /// Every partitioner, in the order in which `--help` lists them.
    public static let all: [any Partitioner.Type] = [
        IIDPartitioner.self, DirichletPartitioner.self, ShardPartitioner.self, PathologicalPartitioner.self,
        QuantitySkewPartitioner.self, ClassExactPartitioner.self, ByColumnPartitioner.self,
        NaturalPartitioner.self,
    ]

    /// The partitioners that come with the project.
    public static let standard = Catalog(
        "partition", all, name: { $0.name }, summary: { $0.summary },
        reading: { (type, options: inout OptionReader) throws(ConfigurationError) in
            _ = try type.init(PartitionSettings(), options: &options)
        })
}

extension Catalog<any Partitioner.Type> {
    /// Creates the partitioner of this name.
    ///
    /// - Parameters:
    ///   - name: as in ``Partitioner/name``.
    ///   - settings: α and the options by name.
    /// - Throws: `ConfigurationError` that lists the catalog when the name is not in it, or when a setting is
    ///   out of range or unknown.
    public func named(
        _ name: String, _ settings: PartitionSettings = PartitionSettings()
    ) throws(ConfigurationError) -> any Partitioner {
        try make(name, settings.named) { (type, options) throws(ConfigurationError) in
            try type.init(settings, options: &options)
        }
    }
}
