public import FedCore

/// Quantity skew: clients differ in how many samples they hold, and their samples come from one distribution.
/// It makes clients differ in training time and in weight, but not in what they learn.
///
/// - `law=power`: the r-th largest client's share is proportional to r^(−exponent) (Zipf's law), and the seed
///   decides which client that is. T. Li et al., *Federated Optimization in Heterogeneous Networks*, MLSys
///   2020, section 5.1 ("the number of samples per device follows a power law"), arXiv:1812.06127.
/// - `law=log-normal`: a client's share is proportional to e^(sigma · z) with z standard normal. S. Caldas et
///   al., *LEAF: A Benchmark for Federated Settings*, 2018, arXiv:1812.01097, whose synthetic data have such
///   sizes.
public struct QuantitySkewPartitioner: Partitioner {
    public static let name = "quantity-skew"
    public static let summary = """
        unequal sizes; options law=power with exponent (1), or law=log-normal with sigma (1), and minimum (1 sample each)
        """

    /// A distribution of the clients' sizes; option `law`.
    public enum Law: Sendable, Equatable {
        /// Sizes by rank; option `exponent`, at least 0: 0 is equal sizes.
        case power(exponent: Double)
        /// Sizes drawn at random; option `sigma`, at least 0: 0 is equal sizes.
        case logNormal(sigma: Double)
    }

    /// Distribution of the sizes.
    public let law: Law
    /// Least number of samples of each client; option `minimum`, at least 1.
    public let minimum: Int

    /// Reads options `law`, `minimum`, and `exponent` or `sigma`, whichever belongs to the law.
    ///
    /// - Throws: `ConfigurationError` when one of them is out of range.
    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        law =
            switch try options.choice("law", default: "power", of: ["power", "log-normal"]) {
            case "log-normal": .logNormal(sigma: try options.number("sigma", default: 1, "at least 0") { $0 >= 0 })
            default: .power(exponent: try options.number("exponent", default: 1, "at least 0") { $0 >= 0 })
            }
        minimum = try options.integer("minimum", default: 1, "at least 1") { $0 >= 1 }
    }

    /// The client of each sample; none is left out.
    ///
    /// - Throws: `ConfigurationError` when there are too few samples for the minimum.
    /// - Complexity: O(samples + clients log clients).
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> [UInt32] {
        guard minimum <= labels.count / clients else {
            throw ConfigurationError(
                "\(clients) clients cannot hold \(minimum) of \(labels.count) samples each; "
                    + "choose a minimum of at most \(labels.count / clients)")
        }
        var random = RandomStream(seed: seed, .partition)
        let weights = weights(clients, &random)
        let total = weights.reduce(0, +)
        // A table of one class: sizes are all that is wanted.
        var table = ClassTable(clients: clients, classes: 1)
        table.fill(0, Apportionment.split(labels.count, by: weights.map { $0 / total }))
        table.raise(toAtLeast: minimum)
        var order = labels.indices.map { UInt32($0) }
        random.shuffle(&order)
        return table.owners(of: [order], samples: labels.count)
    }

    /// A weight for each client, the largest of them 1, so that none overflows.
    private func weights(_ clients: Int, _ random: inout RandomStream) -> [Double] {
        switch law {
        case .power(let exponent):
            var ranks = (1...clients).map { Double($0) }
            random.shuffle(&ranks)
            return ranks.map { PortableMath.exp(-exponent * PortableMath.log($0)) }
        case .logNormal(let sigma):
            var normals: [Double] = []
            for _ in 0..<clients { normals.append(PortableMath.normal(&random)) }
            let largest = normals.max() ?? 0
            return normals.map { PortableMath.exp(sigma * ($0 - largest)) }
        }
    }
}
