import FedCore

/// Selection at random: every cohort is as likely as every other. FedAvg's rule, and the default.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS
/// 2017, algorithm 1, arXiv:1602.05629.
public struct Uniform: SelectionRule {
    public static let name = "uniform"
    public static let summary = "every client as likely as every other"

    public init() {}

    /// Draws the cohort by the first steps of a Fisher–Yates shuffle of which only the places that have changed are kept.
    /// O(size · log size), however many clients there are.
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.available?.count ?? federation.clients
        precondition(size >= 1 && size <= clients, "a cohort of \(size) of \(clients) clients")
        guard size < clients else { return federation.candidates }
        var random = federation.random(round: round, attempt: attempt)
        var cohort: [Int] = []
        var moved: [Int: Int] = [:]
        for place in 0..<size {
            let drawn = place + random.integer(below: clients - place)
            let chosen = moved[drawn] ?? drawn
            cohort.append(federation.available?[chosen] ?? chosen)
            // No later step comes back to `place`.
            moved[drawn] = moved[place] ?? place
        }
        return cohort.sorted()
    }
}
