import Foundation

extension SharingParameters {
    /// Bits of statistical security: a round reveals more than its sum with a probability below 2⁻⁴⁰.
    public static let securityBits = 40.0
    /// Bits of correctness: a round within the assumed dropouts fails with a probability below 2⁻²⁰.
    public static let correctnessBits = 20.0
    /// Rounds with fewer clients use the complete graph: there, tails of a distribution say little, and neighbours are cheap.
    public static let leastSparse = 20

    /// Finds the smallest degree, and the smallest threshold for it, with which a round of so many clients is secure and
    /// succeeds.
    ///
    /// Three events must be unlikely (Bell et al., CCS 2020, theorems 3.2 and 3.3, with the tails of the hypergeometric
    /// distribution in the place of their bounds, as Google's federated-compute has them; its table of results is a test here):
    /// the clients that are left, honest and not dropped, form no connected graph; some client has `threshold` neighbours who collude;
    /// some client has fewer than `threshold` neighbours left. The first two share the security bits. Against a semi-malicious
    /// server, who may ask one part of the neighbours for one secret and the rest for the other, two thresholds must be more than all
    /// neighbours and those colluding twice.
    ///
    /// - Parameters:
    ///   - clients: n, 2 … 1,000,000.
    ///   - corrupt: assumed share of clients who collude with the server, 0 ..< 1.
    ///   - dropout: assumed share of clients who drop out, 0 ..< 1.
    ///   - adversary: against whom.
    /// - Throws: ``SecureAggregationError/tooFewClients(_:)``; ``SecureAggregationError/infeasible(clients:corrupt:dropout:)`` when the
    ///   shares leave no room for a threshold.
    /// - Complexity: O(k²), milliseconds for thousands of clients.
    public init(
        clients: Int, corrupt: Double, dropout: Double, adversary: SecureAdversary = .curiousServer
    ) throws(SecureAggregationError) {
        guard clients >= 2 else { throw .tooFewClients(clients) }
        guard clients <= Self.mostClients, (0..<1).contains(corrupt), (0..<1).contains(dropout) else {
            throw .infeasible(clients: clients, corrupt: corrupt, dropout: dropout)
        }
        let search = Search(clients: clients, corrupt: corrupt, dropout: dropout, adversary: adversary)
        guard let (degree, threshold) = search.sparse() ?? search.complete() else {
            throw .infeasible(clients: clients, corrupt: corrupt, dropout: dropout)
        }
        try self.init(clients: clients, degree: degree, threshold: threshold, adversary: adversary)
    }
}

/// The search for one set of assumptions.
private struct Search {
    let clients: Int
    /// As many as collude at most.
    let corruptClients: Int
    /// As many as drop out at most.
    let droppedClients: Int
    let adversary: SecureAdversary

    init(clients: Int, corrupt: Double, dropout: Double, adversary: SecureAdversary) {
        self.clients = clients
        self.adversary = adversary
        // A share such as 0.29 of 100 clients is 29 of them, whatever the product's last bit says.
        corruptClients = Int((corrupt * Double(clients) + 1e-9).rounded(.down))
        droppedClients = Int((dropout * Double(clients) + 1e-9).rounded(.down))
    }

    /// Degree and threshold of a graph that is not complete, or nil when there is none, or too few clients for one.
    func sparse() -> (degree: Int, threshold: Int)? {
        guard clients >= SharingParameters.leastSparse else { return nil }
        for degree in stride(from: 2, to: clients - 1, by: 2) {
            if let threshold = threshold(degree: degree) { return (degree, threshold) }
        }
        return nil
    }

    /// The complete graph and a majority, more where the colluding clients ask for it.
    func complete() -> (degree: Int, threshold: Int)? {
        let majority =
            switch adversary {
            case .curiousServer: max(clients / 2, corruptClients) + 1
            case .semiMaliciousServer: (clients + corruptClients) / 2 + 1
            }
        // A majority is a choice, more than the colluding clients and no more than the survivors is not.
        let threshold = min(majority, clients - droppedClients)
        let least = adversary == .curiousServer ? max(2, corruptClients + 1) : majority
        return threshold >= least && least <= clients ? (clients - 1, threshold) : nil
    }

    /// The smallest threshold for a degree, or nil when the degree is too small for one.
    private func threshold(degree: Int) -> Int? {
        let securityPerEvent = -(SharingParameters.securityBits + 1)
        guard logDisconnected(degree: degree) < securityPerEvent * log(2) else { return nil }
        let colluding = HypergeometricTail(total: clients, marked: corruptClients, drawn: degree)
        let surviving = HypergeometricTail(total: clients, marked: clients - droppedClients, drawn: degree)
        // For any client: a union over all.
        var least = colluding.smallest(above: exp2(securityPerEvent) / Double(clients))
        let most = surviving.largest(below: exp2(-SharingParameters.correctnessBits) / Double(clients))
        if adversary == .semiMaliciousServer { least = (degree + least - 1) / 2 + 1 }
        return least <= most ? max(least, 2) : nil
    }

    /// ln of a bound on the probability that the clients left are not connected: in the ring that the graph is made of, half a
    /// degree of clients in a row must be gone at two places.
    private func logDisconnected(degree: Int) -> Double {
        let gone = corruptClients + droppedClients
        guard degree <= gone else { return -.infinity }
        var logarithm = log(Double(clients)) + log(Double(clients - degree - 1)) - log(2)
        for i in 0..<degree { logarithm += log(Double(gone - i)) - log(Double(clients - i)) }
        return logarithm
    }
}
