public import FedCore

/// A random deal: every client's samples come from one distribution, and sizes differ by at most 1.
///
/// The samples are shuffled and dealt like cards, one to each client in turn; the baseline for every kind of
/// skew.
public struct IIDPartitioner: Partitioner {
    public static let name = "iid"
    public static let summary = "samples dealt at random, sizes equal within 1"

    /// Takes no options; α plays no part.
    public init(_ settings: PartitionSettings, options: inout OptionReader) {}

    /// The client of each sample; none is left out. O(samples).
    public func owners(labels: [Int32], classes: Int, clients: Int, seed: UInt64) -> [UInt32] {
        var order = labels.indices.map { UInt32($0) }
        var random = RandomStream(seed: seed, .partition)
        random.shuffle(&order)
        var owners = [UInt32](repeating: 0, count: labels.count)
        var client: UInt32 = 0
        for sample in order {
            owners[Int(sample)] = client
            client += 1
            if client == clients { client = 0 }
        }
        return owners
    }
}
