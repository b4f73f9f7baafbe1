import FedCore

/// Selection in one order: the clients stand in a circle, in an order of the seed, and each round asks those behind the last that were
/// asked. No client is asked twice in ⌊clients / cohort⌋ consecutive rounds, whatever happens in them: what DP-FTRL needs, whose noise
/// is for clients that take part seldom.
///
/// P. Kairouz et al., *Practical and Private (Deep) Learning Without Sampling or Shuffling*, ICML 2021, arXiv:2103.00039; the
/// separation is that of C. A. Choquette-Choo et al., NeurIPS 2023, arXiv:2306.08153, section 2.
public struct Cyclic: SelectionRule {
    public static let name = "cyclic"
    public static let summary = "one after the other, in one order for the whole run, as DP-FTRL counts it"

    public init() {}

    /// Chooses the cohort: of a repeated round those behind, which the next round asks again; differential privacy repeats none.
    /// O(clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        // One circle for all rounds.
        var random = federation.random(round: 0, attempt: 0)
        var circle = clients
        random.shuffle(&circle)
        return (0..<size).map { circle[((round - 1 + attempt) * size + $0) % clients.count] }.sorted()
    }
}
