import Foundation

/// Exact binomial probabilities, in logarithms.
enum BinomialTail {
    /// P[X ≥ k] for X of n trials with probability p; O(n − k).
    ///
    /// The sum of its terms, each from the one before, beginning at k: no normal approximation,
    /// since audits work far out in the tail.
    static func atLeast(_ k: Int, of n: Int, probability p: Double) -> Double {
        guard k > 0 else { return 1 }
        guard k <= n, p > 0 else { return 0 }
        guard p < 1 else { return 1 }
        var term = logChoose(n, k) + Double(k) * log(p) + Double(n - k) * log1p(-p)
        let odds = log(p) - log1p(-p)
        var sum = -Double.infinity
        for i in k...n {
            sum = LogNumber.logAdd(sum, term)
            term += log(Double(n - i)) - log(Double(i + 1)) + odds
        }
        return min(1, exp(sum))
    }

    /// ln of the number of subsets of k of n, from sums of logarithms; O(min(k, n − k)).
    static func logChoose(_ n: Int, _ k: Int) -> Double {
        var sum = 0.0
        for i in 0..<min(k, n - k) { sum += log(Double(n - i)) - log(Double(i + 1)) }
        return sum
    }
}
