import FedCore
import Testing

@testable import Analysis

struct TrafficTests {
    private func line(_ operation: String, _ peer: Int, calls: Int, out: Int = 0, into: Int = 0, total: Int = 0)
        -> MessageCount
    {
        MessageCount(
            operation: operation, peer: peer, calls: calls, bytesOut: out, bytesIn: into, total: total,
            longest: total / 2)
    }

    /// A root that broadcasts 10 bytes twice and gathers 7 bytes from rank 1 and none from rank 2, and messages.
    private var counts: [(rank: Int, messages: [MessageCount])] {
        [
            (
                0,
                [
                    line("MPI_Ibcast", 0, calls: 2, total: 8), line("MPI_Ibcast", 1, calls: 2, out: 20),
                    line("MPI_Ibcast", 2, calls: 2, out: 20), line("MPI_Igatherv", 0, calls: 1, total: 6),
                    line("MPI_Igatherv", 1, calls: 1, into: 7), line("MPI_Igatherv", 2, calls: 1),
                    line("MPI_Isend", 2, calls: 3, out: 24),
                ]
            ),
            (
                1,
                [
                    line("MPI_Ibcast", 0, calls: 2, into: 20, total: 12),
                    line("MPI_Igatherv", 0, calls: 1, out: 7, total: 2),
                ]
            ),
            (
                2,
                [
                    line("MPI_Ibcast", 0, calls: 2, into: 20, total: 10), line("MPI_Igatherv", 0, calls: 1, total: 4),
                    line("MPI_Recv", 0, calls: 3, into: 24),
                ]
            ),
        ]
    }

    @Test func `The matrix has each byte and each message once`() throws {
        let traffic = try #require(Traffic(counts, ranks: 3))
        #expect(traffic.bytes == [[0, 20, 44], [7, 0, 0], [0, 0, 0]])
        #expect(traffic.messages == [[0, 2, 5], [1, 0, 0], [1, 0, 0]])
        #expect(traffic.sent(by: 0) == 64)
        #expect(traffic.received(by: 0) == 7)
        #expect(!traffic.isPartial)
    }

    @Test func `Operations count every rank's calls, and the root's own for its members' only once`() throws {
        let operations = try #require(Traffic(counts, ranks: 3)).operations
        #expect(operations.map(\.name) == ["MPI_Ibcast", "MPI_Igatherv", "MPI_Isend", "MPI_Recv"])
        #expect(operations.map(\.calls) == [6, 3, 3, 3])
        #expect(operations.map(\.bytes) == [40, 7, 24, 24])
        #expect(operations[0].mean == 5, "30 µs for 6 calls")
        #expect(operations[0].longest == 6)
    }

    @Test func `Where a rank left no counts its peers' stand for them`() throws {
        let traffic = try #require(Traffic(counts.filter { $0.rank != 1 }, ranks: 3))
        #expect(traffic.isPartial)
        #expect(traffic.bytes == [[0, 20, 44], [7, 0, 0], [0, 0, 0]])
        #expect(Traffic([], ranks: 3) == nil)
    }

    @Test func `Where a killed rank's counts are behind its peers' these stand, too`() throws {
        var behind = counts
        // It was killed after its counts had been written for the last time, or before the first.
        behind[1].messages = [line("MPI_Ibcast", 0, calls: 1, into: 10, total: 12)]
        #expect(try #require(Traffic(behind, ranks: 3)).bytes == [[0, 20, 44], [7, 0, 0], [0, 0, 0]])
        behind[1].messages = []
        #expect(try #require(Traffic(behind, ranks: 3)).bytes == [[0, 20, 44], [7, 0, 0], [0, 0, 0]])
    }
}
