public import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A collusion that hides in the spread of honest updates: all attackers send μ − z σ of each coordinate, with
/// mean and deviation of their own updates. z is small enough for that to lie nearer the mean than some honest
/// clients do, so that nothing looks wrong with it, and the shift adds up over the rounds.
///
/// G. Baruch, M. Baruch, Y. Goldberg, *A Little Is Enough: Circumventing Defenses For Distributed Learning*,
/// NeurIPS 2019, arXiv:1902.06156, with the sign of the authors' program: of n clients with f attackers, s =
/// ⌊n/2 + 1⌋ − f honest ones are needed for a majority, and z is where the normal distribution's Φ(z) = (n − f
/// − s) / (n − f). Here z is kept between 0 and 4. A single attacker has no deviation to hide in, and sends its
/// own update.
public struct ALittleIsEnough: CollusionAttack {
    public static let name = "alie"
    public static let summary = "attackers send their mean minus z deviations; z (by how many attackers there are)"

    /// z, in standard deviations, > 0; nil: by the paper's formula.
    public var deviations: Double?

    /// Reads option `z`.
    ///
    /// - Throws: `ConfigurationError` when it is not above 0 and at most 1,000.
    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        deviations = try options.number("z", "above 0, at most 1000") { $0 > 0 && $0 <= 1000 }
    }

    /// Replaces each attacker's row by the same forged one.
    ///
    /// - Complexity: O(rows.count · dimension), with one row of memory.
    public func forge(rows: [Int], of updates: inout UpdateMatrix) {
        guard let first = rows.first else { return }
        let z = deviations ?? Self.deviations(clients: updates.count, attackers: rows.count)
        var forged = updates.row(first)
        var element = forged.mutableSpan
        let own = rows.map { updates.row($0) }
        for i in element.indices {
            var (sum, squares) = (0.0, 0.0)
            for row in own { sum += Double(row[i]) }
            let mean = sum / Double(own.count)
            for row in own { squares += (Double(row[i]) - mean) * (Double(row[i]) - mean) }
            element[unchecked: i] = Float(mean - z * (squares / Double(own.count)).squareRoot()).boundedToFinite
        }
        for row in rows {
            updates.changeRow(row) { target in
                for i in target.indices { target[unchecked: i] = forged[i] }
            }
        }
    }

    /// z by the paper's formula, within 0 … 4.
    ///
    /// - Parameters:
    ///   - n: number of clients of the cohort.
    ///   - f: number of attackers among them.
    static func deviations(clients n: Int, attackers f: Int) -> Double {
        let supporters = n / 2 + 1 - f
        let honest = Double(n - f)
        let share = honest > 0 ? (honest - Double(supporters)) / honest : 1
        // Φ is inverted by halving an interval.
        var (low, high) = (0.0, 4.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if 0.5 * erfc(-middle / 2.0.squareRoot()) < share { low = middle } else { high = middle }
        }
        return low
    }
}
