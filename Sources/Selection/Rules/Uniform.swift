import FedCore

/// Selection at random: every cohort is as likely as every other. FedAvg's rule, and the default.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS
/// 2017, algorithm 1, arXiv:1602.05629.
public struct Uniform: SelectionRule {
    public static let name = "uniform"
    public static let summary = "every client as likely as every other"

    public init() {}

    /// Draws the cohort by the first steps of a Fisher–Yates shuffle. O(clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.clients
        precondition(size >= 1 && size <= clients, "a cohort of \(size) of \(clients) clients")
        guard size < clients else { return Array(0..<clients) }
        var random = federation.random(round: round, attempt: attempt)
        var pool = Array(0..<clients)
        for i in 0..<size {
            pool.swapAt(i, i + random.integer(below: clients - i))
        }
        return pool[..<size].sorted()
    }
}
