import Foundation

/// A number as its sign and the logarithm of its magnitude: for sums whose terms are past any
/// range of floating point.
struct LogNumber {
    /// ln |x|; −∞ for 0.
    var log: Double
    /// True below 0.
    var isNegative = false

    /// Zero.
    static let zero = LogNumber(log: -.infinity)

    /// The sum. Subtraction of near numbers cancels as anywhere; the result's error is relative
    /// to the larger.
    static func + (one: LogNumber, other: LogNumber) -> LogNumber {
        let (large, small) = one.log >= other.log ? (one, other) : (other, one)
        guard small.log > -.infinity else { return large }
        let ratio = exp(small.log - large.log)
        if large.isNegative == small.isNegative {
            return LogNumber(log: large.log + log1p(ratio), isNegative: large.isNegative)
        }
        return ratio == 1 ? .zero : LogNumber(log: large.log + log1p(-ratio), isNegative: large.isNegative)
    }

    /// The negative.
    static prefix func - (number: LogNumber) -> LogNumber {
        LogNumber(log: number.log, isNegative: !number.isNegative)
    }

    /// ln(eᵃ + eᵇ).
    static func logAdd(_ a: Double, _ b: Double) -> Double { (LogNumber(log: a) + LogNumber(log: b)).log }
}
