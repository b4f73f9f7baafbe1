/// Division of a whole number of samples by real-valued proportions.
///
/// Rounding each share by itself would lose or invent samples; here the shares always add up.
enum Apportionment {
    /// Splits `total` by the largest-remainder method (A. Hamilton, 1792): each share is its exact quota
    /// rounded down, and what is left goes one by one to the largest fractions.
    ///
    /// - Parameters:
    ///   - total: number of samples, ≥ 0.
    ///   - proportions: one for each receiver, ≥ 0, with sum 1.
    ///   - first: index from which equal fractions are served, wrapping around, so that ties need not always
    ///     favour the first receivers.
    /// - Returns: shares whose sum is `total`, each less than 1 away from its quota.
    /// - Complexity: O(n log n).
    static func split(_ total: Int, by proportions: [Double], firstInTies first: Int = 0) -> [Int] {
        var shares = [Int](repeating: 0, count: proportions.count)
        var fractions = [(fraction: Double, turn: Int)]()
        fractions.reserveCapacity(proportions.count)
        var left = total
        for i in proportions.indices {
            let quota = proportions[i] * Double(total)
            // Rounding in the quotas must not give out more than there is.
            shares[i] = min(Int(quota), left)
            left -= shares[i]
            let turn = i >= first ? i - first : i - first + proportions.count
            fractions.append((quota - Double(shares[i]), turn))
        }
        guard left > 0 else { return shares }
        fractions.sort { $0.fraction != $1.fraction ? $0.fraction > $1.fraction : $0.turn < $1.turn }
        for place in 0..<left {
            let i = (fractions[place % fractions.count].turn + first) % proportions.count
            shares[i] += 1
        }
        return shares
    }
}
