/// With how many others a client of a secure aggregation shares its secrets, and how many of them can put one together.
///
/// The graph of who shares with whom is complete in small rounds (K. Bonawitz et al., *Practical Secure Aggregation for
/// Privacy-Preserving Machine Learning*, CCS 2017), and in larger ones a random graph of equal degrees (J. Bell, K. Bonawitz,
/// A. Gascón, T. Lepoint, M. Raykova, *Secure Single-Server Aggregation with (Poly)Logarithmic Overhead*, CCS 2020), whose
/// degree grows with the logarithm of the number of clients.
public struct SharingParameters: Sendable, Equatable {
    /// Clients of the round, n ≥ 2.
    public let clients: Int
    /// Neighbours of each client, k: n − 1, or an even number below it.
    public let degree: Int
    /// Shares that a secret is put together from, t; fewer say nothing about it.
    public let threshold: Int
    /// Against whom this holds.
    public let adversary: SecureAdversary

    /// Whether every client is everybody's neighbour. Then a client also keeps a share of its own secrets, as in the
    /// protocol of Bonawitz et al.: who survives counts towards its own threshold.
    public var isComplete: Bool { degree == clients - 1 }

    /// Neighbours that a client needs at each step: the threshold, less its own share in a complete graph.
    public var neededNeighbours: Int { isComplete ? threshold - 1 : threshold }

    /// Takes parameters as they are, for tests and for deployments with an analysis of their own.
    /// - Throws: ``SecureAggregationError/badParameters(clients:degree:threshold:)`` when no graph or no sharing is like this.
    public init(
        clients: Int, degree: Int, threshold: Int, adversary: SecureAdversary = .curiousServer
    ) throws(SecureAggregationError) {
        guard clients >= 2 else { throw .tooFewClients(clients) }
        let isComplete = degree == clients - 1
        let isSparse = degree >= 2 && degree < clients - 1 && degree.isMultiple(of: 2)
        guard clients <= Self.mostClients, isComplete || isSparse, threshold >= 2,
            threshold <= (isComplete ? clients : degree)
        else { throw .badParameters(clients: clients, degree: degree, threshold: threshold) }
        self.clients = clients
        self.degree = degree
        self.threshold = threshold
        self.adversary = adversary
    }

    /// The most clients of a round.
    public static let mostClients = 1_000_000
}
