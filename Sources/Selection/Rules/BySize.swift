import FedCore

/// One client after the other, each time with a probability in proportion to its samples among those that are left.
///
/// The mean weighted by samples favours large clients already: with this rule they count twice, once by being asked
/// more often. Clients without samples are asked when no others are left.
///
/// The same cohorts, with the same probabilities, as by keys u^(1/samples): P. S. Efraimidis, P. G. Spirakis, *Weighted
/// Random Sampling with a Reservoir*, Information Processing Letters 97(5), 2006.
public struct BySize: SelectionRule {
    public static let name = "by-size"
    public static let summary = "clients with more samples more often, in proportion"

    public init() {}

    /// Draws the cohort. O(clients + size · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        var random = federation.random(round: round, attempt: attempt)
        var draw = WeightedDraw(clients.map { UInt64(federation.samples[$0]) })
        return draw.next(size, &random).map { clients[$0] }.sorted()
    }
}
