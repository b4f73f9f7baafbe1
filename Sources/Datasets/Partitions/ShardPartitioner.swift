public import FedCore

/// Label skew by sorting: the samples are sorted by label and cut into shards of equal size (within 1), and
/// each client gets the same number of shards, drawn at random. With two shards most clients see two classes.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS
/// 2017, section 3 ("pathological non-IID"), arXiv:1602.05629.
public struct ShardPartitioner: Partitioner {
    public static let name = "shard"
    public static let summary = "samples sorted by label, cut into equal shards; option shards (2 a client)"

    /// Number of shards of each client, at least 1; option `shards`, 2 by default.
    public let shards: Int

    /// Reads option `shards`.
    ///
    /// - Throws: `ConfigurationError` when it is not a whole number of at least 1.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        shards = try options.integer("shards", default: 2, "at least 1") { $0 >= 1 }
    }

    /// The client of each sample; none is left out.
    ///
    /// - Throws: `ConfigurationError` when there are more shards than samples.
    /// - Complexity: O(samples).
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        let most = labels.count / clients
        guard shards <= most else {
            throw ConfigurationError(
                "\(clients) clients cannot hold \(shards) shards of \(labels.count) samples each; "
                    + "choose at most \(most) shards")
        }
        let sorted = ClassTable.members(labels: labels, classes: classes).flatMap { $0 }
        let count = shards * clients
        var order = (0..<count).map { UInt32($0) }
        var random = RandomStream(seed: seed, .partition)
        random.shuffle(&order)
        var owners = [UInt32](repeating: 0, count: labels.count)
        for place in 0..<count {
            let shard = Int(order[place])
            for i in shard * sorted.count / count..<(shard + 1) * sorted.count / count {
                owners[Int(sorted[i])] = UInt32(place / shards)
            }
        }
        return owners
    }
}
