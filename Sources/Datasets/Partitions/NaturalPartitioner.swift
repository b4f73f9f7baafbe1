public import FedCore

/// The clients that the data come with: a client for each file or speaker of a text, or each device of a generated
/// table (``Dataset/origins``). The run has as many clients as the data. The seed has no part in it.
public struct NaturalPartitioner: Partitioner {
    public static let name = "natural"
    public static let summary = "the data's own clients: a text's files or speakers, a generated table's devices"

    /// It has no options.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {}

    /// Refuses samples of which only the labels are known.
    ///
    /// - Throws: `ConfigurationError` always.
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        throw ConfigurationError(
            "partition '\(Self.name)' needs a data set with clients of its own, such as text:FOLDER; this one has none "
                + "('by-column' reads them from a file)")
    }

    /// The clients as the data have them.
    ///
    /// - Throws: `ConfigurationError` when the data have no clients, or not as many as the run.
    /// - Complexity: O(samples).
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> Partition {
        guard let origins = rows.origins else {
            return try partition(labels: labels, classes: classes, clients: clients, seed: seed)
        }
        guard origins.counts.count == clients else {
            throw ConfigurationError(
                "the data are of \(origins.counts.count) clients (one for each \(origins.kind)), and the run has \(clients); "
                    + "set --clients \(origins.counts.count)")
        }
        return Partition(owners: origins.owners(), clients: clients)
    }
}
