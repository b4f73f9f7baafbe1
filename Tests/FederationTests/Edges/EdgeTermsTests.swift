import FedCore
import MPITesting
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Who is under which edge, and what does not go with edges.
@Suite struct EdgeTermsTests {
    private static func job(_ change: (inout RunSettings) -> Void) throws -> Job {
        try Job(
            SessionTests.settings {
                ($0.clients, $0.edges) = (9, 3)
                change(&$0)
            })
    }

    @Test func `Clients are dealt out to edges, and lists fall into runs of one edge`() throws {
        let edges = try #require(try Self.job { _ in }.edges)
        #expect(edges.groups(of: [0, 1, 3, 4, 7]) == [[0, 3], [1, 4, 7]])
        #expect(edges.runs(of: [1, 4, 0, 3, 6, 2]).map { Array($0) } == [[1, 4], [0, 3, 6], [2]])
        #expect(edges.runs(of: []).isEmpty)
        let turns = try #require(try Self.job { $0.cloudEvery = 4 }.edges)
        #expect(turns.turn(3, of: RoundID(7, attempt: 2)) == RoundID(7, attempt: 11))
    }

    @Test func `Where edges' sums come apart a part is one edge's, and all ranks work before the first`() throws {
        let edges = try #require(try Self.job { _ in }.edges)
        // The first rank serves two edges, the second one, the third none.
        let assignment = Assignment(clientsOfWorker: [[0, 3, 2], [1, 4, 7], []])
        let (parts, work) = try ThreadRanks.run(4) { world -> ([[[Int]]], [[[Int]?]]) in
            let terms = UpdateTerms(shape: UpdateShape(plain: 1), totalWeight: 1, samplesHeld: { _ in 1 })
            let wire = ReduceWire(
                world, AnswerFormat(updateFloats: 1), terms: terms,
                TransferClock(Timeline(isOn: false), control: world), apart: edges)
            let parts = 0..<wire.partCount(assignment)
            return (
                parts.map { part in (0..<3).map { Array(wire.clients(of: $0, part: part, assignment)) } },
                parts.map { part in (0..<3).map { wire.work(of: $0, before: part, assignment).map { Array($0) } } }
            )
        }[0]
        #expect(parts == [[[0, 3], [], []], [[], [1, 4, 7], []], [[2], [], []]])
        #expect(work == [[[0, 3], [1, 4, 7], []], [nil, nil, nil], [[2], [], []]])
    }

    @Test func `A rank works under an edge of its own host, and otherwise under the one with the fewest`() {
        #expect(EdgeRanks.edges(2, ["a", "a", "a", "a", "a", "a"]) == [0, 1, 2, 1, 2, 1])
        // Round robin over three hosts: the edges are on b and c; a's rank goes to the one with fewer.
        #expect(EdgeRanks.edges(2, ["a", "b", "c", "a", "b", "c", "a"]) == [0, 1, 2, 1, 1, 2, 2])
        #expect(EdgeRanks.edges(3, ["a", "a", "a", "a"]) == [0, 1, 2, 3])
        #expect(EdgeRanks.edges(1, ["a", "b", "c"]) == [0, 1, 1])
    }

    private static let refused: [(String, @Sendable (inout RunSettings) -> Void)] = [
        ("asynchronous", { ($0.strategy, $0.clientFraction) = ("fedbuff", 0.5) }),
        ("state", { $0.strategy = "scaffold" }),
        ("error feedback", { $0.compress = "topk 1%" }),
        ("topology", { ($0.topology, $0.wire) = (.tree(2), "reduce") }),
        ("down", { $0.compressDown = "int8" }),
        ("extra vectors", { ($0.strategy, $0.cloudEvery) = ("fednova", 2) }),
        ("both rules", { ($0.aggregation, $0.edgeAggregation) = ("median", "krum") }),
        ("root", { $0.edgeAggregation = "fltrust" }),
        ("memory", { $0.edgeAggregation = "norm-clip" }),
        ("few clients for the rule", { $0.edgeAggregation = "bulyan" }),
        ("few edges for the rule", { $0.aggregation = "bulyan" }),
        ("wire", { ($0.edgeNormLimit, $0.wire) = (2, "reduce") }),
        ("samples", { ($0.edgeLossLimit, $0.edgeSamples) = (2, 1_000_000) }),
        ("deadline", { $0.roundDeadline = 5 }),
        ("offline", { ($0.fleet, $0.offlineUpdates) = ("people", 2) }),
        ("fleet's drops", { ($0.fleet, $0.dropProb, $0.cloudEvery) = ("people", 0.1, 2) }),
        ("delays", { ($0.realDelays, $0.edgeMbps) = (true, 1) }),
        ("too many", { $0.edges = 10 }),
        ("without edges", { ($0.edges, $0.cloudEvery) = (0, 2) }),
        ("retries", { ($0.cloudEvery, $0.roundRetries) = (1000, 100) }),
    ]

    @Test(arguments: refused.map(\.0)) func `What does not go with edges is refused by one line`(name: String) throws {
        let change = try #require(Self.refused.first { $0.0 == name }).1
        let error = #expect(throws: ConfigurationError.self) { _ = try Self.job(change).settings }
        let line = try #require(error.map { "\($0)" })
        #expect(!line.contains("\n") && !line.isEmpty)
    }
}
