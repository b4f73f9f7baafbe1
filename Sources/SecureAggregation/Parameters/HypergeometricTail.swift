import Foundation

/// Tails of the hypergeometric distribution: how many of `drawn` clients, drawn from `total` without putting back, are
/// among the `marked` ones.
///
/// Terms are kept as logarithms, because those at the far end of a large round are below the smallest Double.
struct HypergeometricTail {
    /// Clients of the round.
    let total: Int
    /// Those of a kind: colluding, or surviving.
    let marked: Int
    /// Neighbours of one client.
    let drawn: Int

    /// The smallest count that is possible.
    private var least: Int { max(0, drawn + marked - total) }

    /// The largest t with P(count < t) < probability. O(count), summed from the far end, where terms are smallest.
    /// - Parameter probability: above 0, below ½.
    func largest(below probability: Double) -> Int {
        var count = least
        var logTerm = logProbability(of: count)
        var tail = 0.0
        while count <= min(drawn, marked) {
            tail += exp(logTerm)
            if tail >= probability { return count }
            // P(count + 1) / P(count).
            logTerm += log(Double(marked - count)) + log(Double(drawn - count))
            logTerm -= log(Double(count + 1)) + log(Double(total - marked - drawn + count + 1))
            count += 1
        }
        return count
    }

    /// The smallest t with P(count ≥ t) < probability: the largest of the clients that are not marked, seen from the other
    /// side.
    func smallest(above probability: Double) -> Int {
        drawn + 1 - HypergeometricTail(total: total, marked: total - marked, drawn: drawn).largest(below: probability)
    }

    private func logProbability(of count: Int) -> Double {
        logChoices(marked, count) + logChoices(total - marked, drawn - count) - logChoices(total, drawn)
    }

    /// ln of "n choose k".
    private func logChoices(_ n: Int, _ k: Int) -> Double {
        lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
    }
}
