#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Measures of how unlike the clients' label distributions are, from a partition's class table.
///
/// They tell how hard a partition is before anything is trained: zero distance is IID data. Clients count
/// alike, whatever their size; those without samples do not count. Printed by `fedmpi partition` and written to
/// a run's records.
public struct LabelSkew: Sendable, Equatable, Encodable {
    /// One measure of skew, over the clients.
    public struct Summary: Sendable, Equatable, Encodable {
        /// Mean over the clients.
        public let mean: Double
        /// Value of the client that is the most skewed by this measure.
        public let worst: Double
    }

    /// Shannon's entropy of a client's label distribution, in bits: from 0, when a client sees one class, to
    /// log₂ of the number of classes. The worst is the lowest.
    public let entropy: Summary
    /// Entropy of all clients' samples together, in bits: what IID clients would reach.
    public let globalEntropy: Double
    /// Σ |p(y) − q(y)| between a client's label distribution p and that of all samples q: from 0 to 2. The
    /// worst is the highest.
    ///
    /// Y. Zhao et al., *Federated Learning with Non-IID Data*, 2018, section 3.2 ("earth mover's distance"),
    /// arXiv:1806.00582. It is twice the total variation distance.
    public let emd: Summary
    /// √JSD(p, q), the Jensen–Shannon distance with logarithms to base 2: a metric, from 0 to 1. The worst is
    /// the highest.
    ///
    /// J. Lin, *Divergence Measures Based on the Shannon Entropy*, IEEE Transactions on Information Theory
    /// 37(1), 1991, eq. 4.1; D. M. Endres, J. E. Schindelin, *A New Metric for Probability Distributions*,
    /// ibid. 49(7), 2003.
    public let jensenShannon: Summary

    /// Computes all measures.
    ///
    /// - Parameter table: counts `[client][class]`, as ``Partition/classTable(labels:classes:)`` gives them.
    /// - Complexity: O(clients · classes).
    public init(classTable table: [[Int]]) {
        let classes = table.first?.count ?? 0
        var totals = [Int](repeating: 0, count: classes)
        for row in table { for label in 0..<classes { totals[label] += row[label] } }
        let whole = Self.shares(totals)
        let clients = table.filter { $0.contains { $0 > 0 } }.map(Self.shares)
        let entropies = clients.map(Self.entropy)
        entropy = Summary(mean: Self.mean(entropies), worst: entropies.min() ?? 0)
        globalEntropy = Self.entropy(whole)
        let emds = clients.map { shares in zip(shares, whole).reduce(0) { $0 + abs($1.0 - $1.1) } }
        emd = Summary(mean: Self.mean(emds), worst: emds.max() ?? 0)
        let distances = clients.map { shares in
            let middle = zip(shares, whole).map { ($0 + $1) / 2 }
            // JSD(p, q) = H((p + q) / 2) − (H(p) + H(q)) / 2; rounding must not make it negative.
            let divergence = Self.entropy(middle) - (Self.entropy(shares) + Self.entropy(whole)) / 2
            return max(0, divergence).squareRoot()
        }
        jensenShannon = Summary(mean: Self.mean(distances), worst: distances.max() ?? 0)
    }

    /// Counts as shares of their sum; zeros when the sum is 0.
    private static func shares(_ counts: [Int]) -> [Double] {
        let total = Double(max(counts.reduce(0, +), 1))
        return counts.map { Double($0) / total }
    }

    /// Entropy of a distribution in bits, with 0 · log 0 = 0.
    private static func entropy(_ shares: [Double]) -> Double {
        shares.reduce(0) { $1 > 0 ? $0 - $1 * log2($1) : $0 }
    }

    /// The mean; 0 of no values.
    private static func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(max(values.count, 1))
    }
}

extension LabelSkew: CustomStringConvertible {
    /// One line with two decimals, e.g. `label entropy 1.92 of 3.32 bits (lowest 0.47), EMD 0.91 (highest
    /// 1.63), JS distance 0.52 (highest 0.83)`.
    public var description: String {
        func rounded(_ value: Double) -> String {
            let hundredths = Int((value * 100).rounded())
            return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
        }
        func highest(_ summary: Summary) -> String {
            "\(rounded(summary.mean)) (highest \(rounded(summary.worst)))"
        }
        return "label entropy \(rounded(entropy.mean)) of \(rounded(globalEntropy)) bits (lowest "
            + "\(rounded(entropy.worst))), EMD \(highest(emd)), JS distance \(highest(jensenShannon))"
    }
}

extension Partition {
    /// Measures how unlike the clients' label distributions are.
    ///
    /// - Parameters:
    ///   - labels: the class of each sample of the data set, in 0 ..< classes.
    ///   - classes: number of classes.
    /// - Complexity: O(samples + clients · classes).
    public func labelSkew(labels: [Int32], classes: Int) -> LabelSkew {
        LabelSkew(classTable: classTable(labels: labels, classes: classes))
    }
}
