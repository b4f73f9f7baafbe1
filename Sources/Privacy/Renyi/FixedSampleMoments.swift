import Foundation

/// Rényi divergences of Gaussian noise on a sample of fixed size, drawn without replacement,
/// when one record is replaced.
///
/// Y.-X. Wang, B. Balle, S. Kasiviswanathan, *Subsampled Rényi Differential Privacy and
/// Analytical Moments Accountant*, AISTATS 2019, arXiv 1808.00087, theorem 27, which bounds the
/// j-th moment by 4 √(B(2⌊j/2⌋) B(2⌈j/2⌉)) with B(ℓ) the ℓ-th forward difference of the
/// Gaussian's moments. It is a bound, not the exact divergence. Fractional orders interpolate
/// ln A between whole ones, which is convex (corollary 10).
struct FixedSampleMoments {
    /// Whole orders up to this one use the differences; above, the simpler bound 2 exp(j-th
    /// cumulant).
    private static let mostDifferences = 256

    private let noise: Double
    /// B(ℓ) in logarithms, for ℓ from 0: E[(dN(1, σ²)/dN(0, σ²) − 1)^ℓ].
    private let differences: [Double]

    /// Computes the differences. O(256²).
    /// - Parameter noise: σ over the sensitivity of replacing a record.
    init(noise: Double) {
        self.noise = noise
        // Moments E[ratioᵏ] are 1, 1, exp(1/σ²), exp(3/σ²), … ; each pass takes differences in place, in logarithms.
        var row = (0...Self.mostDifferences + 2).map { k in
            LogNumber(log: Double(k) * Double(k - 1) / (2 * noise * noise))
        }
        var differences = [0.0]
        while row.count > 1 {
            for k in 0..<row.count - 1 { row[k] = row[k + 1] + -row[k] }
            row.removeLast()
            differences.append(row[0].log)
        }
        self.differences = differences
    }

    /// The divergence of one release at an order α > 1.
    /// - Parameter probability: the sampled share, in (0, 1].
    /// - Returns: an upper bound in nats.
    func divergence(probability: Double, order: Double) -> Double {
        guard probability < 1 else { return order / (2 * noise * noise) }
        let low = order.rounded(.down)
        let share = order - low
        let floor = logMoment(probability, Int(low))
        let value = share == 0 ? floor : (1 - share) * floor + share * logMoment(probability, Int(low) + 1)
        return max(0, value) / (order - 1)
    }

    /// The bound of ln A at a whole order.
    /// - Parameters:
    ///   - q: the sampled share, in (0, 1).
    ///   - order: α, a whole number; 0 at order 1.
    /// - Complexity: O(α).
    private func logMoment(_ q: Double, _ order: Int) -> Double {
        guard order > 1 else { return 0 }
        /// (k − 1) times the Gaussian's divergence of order k.
        func cumulant(_ k: Int) -> Double { Double(k) * Double(k - 1) / (2 * noise * noise) }
        let second = cumulant(2)
        var logBinomial = log(Double(order))
        var sum = 0.0
        for j in 2...order {
            logBinomial += log(Double(order - j + 1)) - log(Double(j))
            var moment = log(2) + cumulant(j)
            if j == 2 {
                moment = min(log(4) + second + log1p(-exp(-second)), moment)
            } else if order <= Self.mostDifferences {
                moment = min(moment, log(4) + (differences[j / 2 * 2] + differences[(j + 1) / 2 * 2]) / 2)
            }
            sum = LogNumber.logAdd(sum, moment + Double(j) * log(q) + logBinomial)
        }
        return sum
    }
}
