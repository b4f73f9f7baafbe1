public import FedCore

/// Quantity skew: clients differ in how many samples they hold, and their samples come from one distribution.
///
/// - `law=power`: the r-th largest client's share is proportional to r^(−exponent) (Zipf's law), and the seed says which
///   client that is. T. Li et al., *Federated Optimization in Heterogeneous Networks*, MLSys 2020, section 5.1 ("the number
///   of samples per device follows a power law"), arXiv:1812.06127.
/// - `law=log-normal`: a client's share is proportional to e^(sigma · z) with z standard normal. S. Caldas et al., *LEAF: A
///   Benchmark for Federated Settings*, 2018, arXiv:1812.01097, whose synthetic data have such sizes.
public struct QuantitySkewPartitioner: Partitioner {
    public static let name = "quantity-skew"
    public static let summary = """
        unequal sizes; options law=power with exponent (1), or law=log-normal with sigma (1), and minimum (1 sample each)
        """

    /// How the sizes are distributed; option `law`.
    public enum Law: Sendable, Equatable {
        /// By rank; option `exponent`, at least 0: 0 is equal sizes.
        case power(exponent: Double)
        /// Drawn; option `sigma`, at least 0: 0 is equal sizes.
        case logNormal(sigma: Double)
    }

    /// How the sizes are distributed.
    public let law: Law
    /// Samples each client holds at least; option `minimum`, at least 1.
    public let minimum: Int

    public init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError) {
        law =
            switch try options.choice("law", default: "power", of: ["power", "log-normal"]) {
            case "log-normal": .logNormal(sigma: try options.number("sigma", default: 1, "at least 0") { $0 >= 0 })
            default: .power(exponent: try options.number("exponent", default: 1, "at least 0") { $0 >= 0 })
            }
        minimum = try options.integer("minimum", default: 1, "at least 1") { $0 >= 1 }
    }

    /// O(samples + clients log clients).
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

    /// One for each client, the largest 1.
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
