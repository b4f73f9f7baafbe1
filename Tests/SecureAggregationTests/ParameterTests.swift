import SecureAggregation
import Testing

/// Expected values: the table in Google's federated-compute, fcp/secagg/server/graph_parameter_finder_test.cc, for 40 bits of security and
/// 20 of correctness.
@Suite struct ParameterTests {
    @Test(arguments: [
        (100, 0.45, 0.45, 92, 46), (1_000, 0.45, 0.45, 822, 417), (10_000, 0.45, 0.45, 3_494, 1_771),
        (100, 0.33, 0.33, 68, 34), (1_000, 0.33, 0.33, 286, 150), (10_000, 0.33, 0.33, 422, 221),
        (100, 0.05, 0.33, 28, 6), (1_000, 0.05, 0.33, 72, 24), (10_000, 0.05, 0.33, 86, 29),
        (100_000, 0.05, 0.33, 96, 32), (1_000_000, 0.05, 0.33, 102, 34),
        (100, 0.33, 0.05, 34, 29), (1_000, 0.33, 0.05, 78, 60), (10_000, 0.33, 0.05, 92, 70),
        (100, 0.05, 0.05, 12, 6), (1_000, 0.05, 0.05, 30, 17),
    ])
    func `against a curious server`(clients: Int, corrupt: Double, dropout: Double, degree: Int, threshold: Int) throws
    {
        let found = try SharingParameters(clients: clients, corrupt: corrupt, dropout: dropout)
        #expect(found.degree == degree)
        #expect(found.threshold == threshold)
    }

    @Test(arguments: [
        (100, 0.3, 0.3, 92, 62), (1_000, 0.3, 0.3, 872, 584), (10_000, 0.3, 0.3, 4_822, 3_230),
        (100, 0.05, 0.33, 72, 39), (1_000, 0.05, 0.33, 398, 223), (10_000, 0.05, 0.33, 746, 420),
        (100, 0.33, 0.05, 42, 37), (1_000, 0.33, 0.05, 132, 109), (10_000, 0.33, 0.05, 178, 146),
    ])
    func `against a semi-malicious server`(
        clients: Int, corrupt: Double, dropout: Double, degree: Int, threshold: Int
    ) throws {
        let found = try SharingParameters(
            clients: clients, corrupt: corrupt, dropout: dropout, adversary: .semiMaliciousServer)
        #expect(found.degree == degree)
        #expect(found.threshold == threshold)
    }

    @Test(arguments: [(2, 2), (3, 2), (4, 3), (5, 3), (10, 6), (19, 10)])
    func `few clients know each other, and a majority unmasks`(clients: Int, majority: Int) throws {
        let found = try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33)
        #expect(found.isComplete)
        #expect(found.degree == clients - 1)
        #expect(found.threshold == majority)
    }

    @Test func `what cannot be is refused`() throws {
        for clients in [-1, 0, 1] {
            #expect(throws: SecureAggregationError.tooFewClients(clients)) {
                try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33)
            }
        }
        // Nine in ten collude or drop out: no threshold lies between.
        #expect(throws: SecureAggregationError.infeasible(clients: 10, corrupt: 0.6, dropout: 0.5)) {
            try SharingParameters(clients: 10, corrupt: 0.6, dropout: 0.5)
        }
        #expect(throws: SecureAggregationError.infeasible(clients: 100, corrupt: 0.05, dropout: 0.6)) {
            try SharingParameters(clients: 100, corrupt: 0.05, dropout: 0.6, adversary: .semiMaliciousServer)
        }
        for (corrupt, dropout) in [(-0.1, 0.3), (1, 0.3), (0.1, 1), (.nan, 0.3), (0.1, .infinity)] {
            #expect(throws: SecureAggregationError.self) {
                try SharingParameters(clients: 100, corrupt: corrupt, dropout: dropout)
            }
        }
        for (degree, threshold) in [(3, 2), (8, 9), (10, 3), (9, 11), (9, 1), (0, 2)] {
            #expect(throws: SecureAggregationError.badParameters(clients: 10, degree: degree, threshold: threshold)) {
                try SharingParameters(clients: 10, degree: degree, threshold: threshold)
            }
        }
    }

    /// n = 2 … 120 under the usual assumptions: an answer, and one that survives what it assumes.
    @Test(arguments: SecureAdversary.allCases)
    func `every number of clients has parameters`(adversary: SecureAdversary) throws {
        for clients in 2...120 {
            let found = try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33, adversary: adversary)
            #expect(found.threshold >= 2 && found.threshold <= found.degree + 1)
            let dropped = clients * 33 / 100
            #expect(!found.isComplete || found.threshold <= clients - dropped)
        }
    }
}

@Suite struct SharingGraphTests {
    @Test(arguments: [(10, 9), (10, 4), (30, 12), (101, 28), (1_000, 72)])
    func `every client has so many neighbours, and is theirs`(clients: Int, degree: Int) throws {
        let parameters = try SharingParameters(clients: clients, degree: degree, threshold: 2)
        let graph = SharingGraph(parameters, randomness: [1, 2, 3])
        for client in 0..<clients {
            let neighbours = graph.neighbours(of: client)
            #expect(neighbours.count == degree && Set(neighbours).count == degree && neighbours == neighbours.sorted())
            #expect((0..<clients).filter { graph.areNeighbours(client, $0) } == neighbours)
            #expect(neighbours.allSatisfy { graph.areNeighbours($0, client) })
        }
        #expect(graph.areConnected(Array(0..<clients)))
    }

    @Test func `the order follows from the randomness alone`() throws {
        let parameters = try SharingParameters(clients: 200, degree: 6, threshold: 2)
        let graphs = [[1], [1], [2]].map { SharingGraph(parameters, randomness: $0) }
        let lists = graphs.map { graph in (0..<200).map { graph.neighbours(of: $0) } }
        #expect(lists[0] == lists[1])
        #expect(lists[0] != lists[2])
    }

    /// Over 2,000 graphs each of 11 others is a neighbour of client 0 in 4/11 of them: χ² with 10 degrees of freedom is below 35.56 with
    /// probability 0.9999.
    @Test func `every other is as likely a neighbour`() throws {
        let parameters = try SharingParameters(clients: 12, degree: 4, threshold: 2)
        var counts = [Double](repeating: 0, count: 12)
        for seed in 0..<2_000 {
            let graph = SharingGraph(parameters, randomness: [UInt8(seed & 255), UInt8(seed >> 8)])
            for neighbour in graph.neighbours(of: 0) { counts[neighbour] += 1 }
        }
        #expect(counts[0] == 0)
        let expected = 2_000.0 * 4 / 11
        // Of one graph the four are different, so that counts vary less than independent ones.
        let chiSquare = counts.dropFirst().reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
        #expect(chiSquare < 35.56)
    }

    @Test func `connected or not`() throws {
        let parameters = try SharingParameters(clients: 10, degree: 2, threshold: 2)
        let graph = SharingGraph(parameters, randomness: [])
        // A ring of ten: without two that are no neighbours it falls apart.
        let first = graph.neighbours(of: 0)
        #expect(graph.areConnected((1..<10).map { $0 }))
        #expect(!graph.areConnected((0..<10).filter { !first.contains($0) }))
    }
}
