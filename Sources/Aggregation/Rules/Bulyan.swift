public import FedCore

/// Krum in each coordinate: chooses θ = count − 2f updates by Krum, one after the other among those left, and
/// then of each coordinate the mean of the θ − 2f chosen values nearest to their median. An attacker that hides
/// a huge change of one coordinate in a small distance passes Krum, but not this.
///
/// When few are left, their scores take at least one neighbor; the median of an even number is the lower of the
/// two in the middle; of equally near values the lower is taken. O(count² · dimension).
///
/// E. M. El Mhamdi, R. Guerraoui, S. Rouault, *The Hidden Vulnerability of Distributed Learning in Byzantium*,
/// ICML 2018, section 4, arXiv:1802.07927.
public struct Bulyan: RobustAggregation {
    public static let name = "bulyan"
    public static let summary = "Krum's choice, then the values nearest the median; attackers=f (1), needs 4f + 3"

    /// f ≥ 0, the number of attackers to withstand; needs 4f + 3 updates.
    public var attackers: Int

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        attackers = try options.attackers()
    }

    public var settings: String { "attackers=\(attackers)" }
    /// 4f + 3, as the paper requires: at least 2f + 3 updates are chosen, and at least 3 values of each
    /// coordinate are averaged.
    public var minimumUpdates: Int { 4 * attackers + 3 }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let chosenCount = updates.count - 2 * attackers
        let keptCount = chosenCount - 2 * attackers
        let ranking = KrumRanking(PairwiseDistances(updates))
        let chosen = ranking.chooseOneByOne(chosenCount, attackers: attackers)
        let network = SortingNetwork(count: chosenCount, places: 0..<chosenCount)
        let share = 1 / Double(keptCount)
        updates.reduceColumns(of: chosen, sortedBy: network, into: &mean) { sorted in
            // The nearest are neighbors in the order: a value gives its seat to the one `keptCount` places up while
            // that is nearer.
            let median = sorted[(chosenCount - 1) / 2]
            func leaves(_ place: Int) -> SIMDMask<SIMD16<Int32>> {
                sorted[unchecked: place + keptCount] - median .< median - sorted[unchecked: place]
            }
            var sum = ColumnSum()
            for place in 0..<chosenCount {
                var value = sorted[unchecked: place]
                if place + keptCount < chosenCount { value.replace(with: 0, where: leaves(place)) }
                if place >= keptCount { value.replace(with: 0, where: .!leaves(place - keptCount)) }
                sum.add(value)
            }
            return sum.scaled(by: share)
        }
    }
}
