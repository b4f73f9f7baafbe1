import FedCore

/// Label skew: each class is split over the clients by proportions drawn from a symmetric Dirichlet(α). Class totals are
/// exact (largest remainders), and clients left with too little are filled up from the largest.
///
/// M. Yurochkin et al., *Bayesian Nonparametric Federated Learning of Neural Networks*, ICML 2019, section 4,
/// arXiv:1905.12022, after T.-M. H. Hsu, H. Qi, M. Brown, *Measuring the Effects of Non-Identical Data Distribution for
/// Federated Visual Classification*, 2019, arXiv:1909.06335 (who draw over classes for each client).
public struct DirichletPartitioner: Partitioner {
    public static let name = "dirichlet"
    public static let summary = "label skew: each class split by Dirichlet(alpha) over the clients"

    /// Concentration: α → 0 gives each class to one client, α → ∞ an equal share to all.
    public let alpha: Double
    /// See `PartitionSettings.minimumSamples`.
    public let minimumSamples: Int?

    public init(_ settings: PartitionSettings = PartitionSettings()) throws(ConfigurationError) {
        guard settings.alpha > 0, settings.alpha.isFinite else {
            throw ConfigurationError("alpha must be a finite number above 0, not \(settings.alpha)")
        }
        if let minimum = settings.minimumSamples, minimum < 0 {
            throw ConfigurationError("the minimum of samples for each client must be at least 0, not \(minimum)")
        }
        alpha = settings.alpha
        minimumSamples = settings.minimumSamples
    }

    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        let share = labels.count / clients
        let minimum = minimumSamples ?? min(10, share)
        guard minimum <= share else {
            throw ConfigurationError(
                "\(clients) clients cannot hold \(minimum) of \(labels.count) samples each; choose a minimum of at most \(share)"
            )
        }
        var members = [[UInt32]](repeating: [], count: classes)
        for sample in labels.indices { members[Int(labels[sample])].append(UInt32(sample)) }

        var table = ClassTable(clients: clients, classes: classes)
        for label in 0..<classes where !members[label].isEmpty {
            var random = RandomStream(seed: seed, .partition, salt: 1 + label)
            random.shuffle(&members[label])
            let proportions = random.dirichlet(alpha: alpha, count: clients)
            let first = random.integer(below: clients)
            table.fill(label, Apportionment.split(members[label].count, by: proportions, firstInTies: first))
        }
        table.raise(toAtLeast: minimum)

        var owners = [UInt32](repeating: 0, count: labels.count)
        for label in 0..<classes {
            var next = members[label].startIndex
            for client in 0..<clients {
                for _ in 0..<table[client, label] {
                    owners[Int(members[label][next])] = UInt32(client)
                    next += 1
                }
            }
        }
        return owners
    }
}
