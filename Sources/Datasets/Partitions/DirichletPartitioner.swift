public import FedCore

/// Label skew by proportion: each class is split over the clients by proportions drawn from a symmetric
/// Dirichlet(α). The usual model of non-IID clients.
///
/// Class totals are exact (largest remainders), and clients left with fewer than ``minimumSamples`` are filled
/// up from the largest. Each class draws from a random stream of its own, so classes do not influence each
/// other.
///
/// M. Yurochkin et al., *Bayesian Nonparametric Federated Learning of Neural Networks*, ICML 2019, section 4,
/// arXiv:1905.12022, after T.-M. H. Hsu, H. Qi, M. Brown, *Measuring the Effects of Non-Identical Data
/// Distribution for Federated Visual Classification*, 2019, arXiv:1909.06335 (who draw over classes for each
/// client).
public struct DirichletPartitioner: Partitioner {
    public static let name = "dirichlet"
    public static let summary =
        "label skew: each class split by Dirichlet(alpha) over the clients; option minimum (10 samples each)"

    /// Concentration α, 0 < α < ∞: α → 0 gives each class to one client, α → ∞ an equal share to all.
    public let alpha: Double
    /// Least number of samples of each client, option `minimum`, ≥ 0. When nil: 10, or an equal share when
    /// there are fewer than 10 for each.
    public let minimumSamples: Int?

    /// Takes α from the settings and reads option `minimum`.
    ///
    /// - Throws: `ConfigurationError` when α is not a finite number above 0, or `minimum` is not accepted.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        guard settings.alpha > 0, settings.alpha.isFinite else {
            throw ConfigurationError("alpha must be a finite number above 0, not \(settings.alpha)")
        }
        alpha = settings.alpha
        minimumSamples = try options.integer("minimum", "at least 0") { $0 >= 0 }
    }

    /// The client of each sample; none is left out.
    ///
    /// - Throws: `ConfigurationError` when there are too few samples for the minimum.
    /// - Complexity: O(samples + clients · classes · log clients), and the moves of the filling up.
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
        var members = ClassTable.members(labels: labels, classes: classes)
        var table = ClassTable(clients: clients, classes: classes)
        for label in 0..<classes where !members[label].isEmpty {
            var random = RandomStream(seed: seed, .partition, salt: 1 + label)
            random.shuffle(&members[label])
            let proportions = random.dirichlet(alpha: alpha, count: clients)
            let first = random.integer(below: clients)
            table.fill(label, Apportionment.split(members[label].count, by: proportions, firstInTies: first))
        }
        table.raise(toAtLeast: minimum)
        return table.owners(of: members, samples: labels.count)
    }
}
