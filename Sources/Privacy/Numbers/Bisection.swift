/// Searches for where a condition begins to hold.
enum Bisection {
    /// The least number of the range for which the condition holds, from above, to a relative
    /// 10⁻¹³.
    /// - Parameters:
    ///   - range: the condition holds at its upper end, which is the answer if it holds nowhere
    ///     below.
    ///   - holds: false below the answer, true from it on.
    static func least(in range: ClosedRange<Double>, where holds: (Double) -> Bool) -> Double {
        var low = range.lowerBound
        var high = range.upperBound
        for _ in 0..<200 where high - low > 1e-13 * high {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { break }
            if holds(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
