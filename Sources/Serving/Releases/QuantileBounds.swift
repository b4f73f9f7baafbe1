import Foundation

/// Confidence limits of a quantile by order statistics. They hold for any distribution, as long as the values are independent: how many of
/// `n` values lie below a quantile is binomial (H. A. David, H. N. Nagaraja, *Order Statistics*, 3rd ed. 2003, section 7.1).
struct QuantileBounds {
    /// The values, ascending.
    private let sorted: [Double]

    /// Sorts the values.
    init(_ values: [Double]) { sorted = values.sorted() }

    /// A value that is above the quantile with a probability of `level` at most; 0 when there are too few values to say one.
    ///
    /// - Parameters:
    ///   - quantile: In (0, 1).
    ///   - level: In (0, 1).
    /// - Complexity: O(n).
    func lower(_ quantile: Double, level: Double) -> Double {
        // The l-th value is above the quantile when fewer than l values are not.
        var below = 0.0
        var place = 0
        while place < sorted.count {
            below += Self.probability(of: place, in: sorted.count, quantile)
            guard below <= level else { break }
            place += 1
        }
        return place == 0 ? 0 : sorted[place - 1]
    }

    /// A value that is below the quantile with a probability of `level` at most; infinite when there are too few values to say one.
    ///
    /// - Parameters: as of ``lower(_:level:)``.
    func upper(_ quantile: Double, level: Double) -> Double {
        // The u-th value is below the quantile when u values or more are.
        var above = 0.0
        var place = sorted.count + 1
        while place > 1 {
            above += Self.probability(of: place - 1, in: sorted.count, quantile)
            guard above <= level else { break }
            place -= 1
        }
        return place > sorted.count ? .infinity : sorted[place - 1]
    }

    /// The quantile itself by nearest rank; NaN without values.
    func value(_ quantile: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count, max(1, Int((quantile * Double(sorted.count)).rounded(.up)))) - 1]
    }

    /// By logarithms of the gamma function, because the number of ways overflows beyond a thousand values.
    ///
    /// - Returns: Probability of `count` hits of `n` with probability `p`.
    private static func probability(of count: Int, in n: Int, _ p: Double) -> Double {
        let (k, n) = (Double(count), Double(n))
        let ways: Double = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        let hits: Double = k * log(p)
        let misses: Double = (n - k) * log(1 - p)
        return exp(ways + hits + misses)
    }
}
