/// The samples that each client holds: disjoint sets of sample numbers.
///
/// A ``Partitioner`` makes it on every rank alike; clients train on ``samples(of:)``. Stored flat, 4 bytes a
/// sample and 8 a client, so that federations of very many clients fit into memory on every rank.
public struct Partition: Sendable, Equatable {
    // Client i's samples are samples[offsets[i] ..< offsets[i + 1]], in ascending order.
    private let samples: [UInt32]
    private let offsets: [Int]
    /// What the clients are called, one name for each; empty where they have numbers alone.
    public let names: [String]

    /// The owner of a sample that no client holds.
    public static let nobody = UInt32.max

    /// Groups the samples by owner.
    ///
    /// - Parameters:
    ///   - owners: the client of each sample, in 0 ..< clients, or ``nobody``; at most 2³² − 1 samples.
    ///   - clients: number of clients; a client may own nothing.
    ///   - names: what they are called, one for each or none.
    /// - Complexity: O(samples + clients), by counting: no sort.
    public init(owners: [UInt32], clients: Int, names: [String] = []) {
        precondition(names.isEmpty || names.count == clients, "\(names.count) names of \(clients) clients")
        precondition(owners.count <= Int(UInt32.max), "samples are numbered by UInt32")
        var offsets = [Int](repeating: 0, count: clients + 1)
        for owner in owners where owner != Self.nobody { offsets[Int(owner) + 1] += 1 }
        for client in 0..<clients { offsets[client + 1] += offsets[client] }
        var next = offsets
        var samples = [UInt32](repeating: 0, count: offsets[clients])
        for sample in owners.indices where owners[sample] != Self.nobody {
            let owner = Int(owners[sample])
            samples[next[owner]] = UInt32(sample)
            next[owner] += 1
        }
        self.samples = samples
        self.offsets = offsets
        self.names = names
    }

    /// Number of clients.
    public var clients: Int { offsets.count - 1 }
    /// Number of samples of all clients together; samples of ``nobody`` do not count.
    public var sampleCount: Int { samples.count }

    /// Numbers of the client's samples, in ascending order. O(1), nothing is copied.
    public func samples(of client: Int) -> ArraySlice<UInt32> {
        samples[offsets[client]..<offsets[client + 1]]
    }

    /// Number of the client's samples. O(1).
    public func count(of client: Int) -> Int {
        offsets[client + 1] - offsets[client]
    }

    /// Number of samples of each class that each client holds: `[client][class]`.
    ///
    /// - Parameters:
    ///   - labels: the class of each sample of the data set, in 0 ..< classes.
    ///   - classes: number of classes.
    /// - Complexity: O(samples + clients · classes).
    public func classTable(labels: [Int32], classes: Int) -> [[Int]] {
        (0..<clients).map { classCounts(of: $0, labels: labels, classes: classes) }
    }

    /// Number of samples of each class that a client holds: `[classes]`. Parameters are as above.
    ///
    /// - Complexity: O(the client's samples + classes).
    public func classCounts(of client: Int, labels: [Int32], classes: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: classes)
        for sample in samples(of: client) { counts[Int(labels[Int(sample)])] += 1 }
        return counts
    }
}
