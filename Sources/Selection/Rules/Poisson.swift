import FedCore

/// Selection of each client by itself, with the probability `--client-fraction`: Poisson sampling, by which accountants of
/// differential privacy count a cohort. The number of clients differs from round to round; it may be none.
///
/// H. B. McMahan, D. Ramage, K. Talwar, L. Zhang, *Learning Differentially Private Recurrent Language Models*, ICLR 2018,
/// arXiv:1710.06963, algorithm 1.
public struct Poisson: SelectionRule {
    public static let name = "poisson"
    public static let summary =
        "each client by itself with probability --client-fraction, as differential privacy counts it"

    public init() {}

    /// Draws the cohort. O(clients).
    /// - Parameter size: room for a cohort; more than it holds come with a probability below 10⁻¹⁵, and are left out.
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        var random = federation.random(round: round, attempt: attempt)
        return Array(federation.candidates.filter { _ in random.uniformDouble() < federation.fraction }.prefix(size))
    }
}
