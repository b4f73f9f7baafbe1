import FedCore
import MPI
import MPITesting
import Records
import Runtime
import TestSupport
import Testing

@testable import Federation

/// Whole runs over each wire: the same bits, and bad updates left out.
@Suite(.tags(.wholeRun), .unlessQuick) struct WireTests {
    static let wires = Wires.standard.names

    @Test(arguments: wires, [5, 50]) func `The weights are those of one process, on any wire and any number of ranks`(
        wire: String, clients: Int
    ) throws {
        let settings = SessionTests.settings {
            $0.clients = clients
            $0.clientFraction = 0.8
            $0.wire = wire
        }
        let alone = try SessionTests.run(settings, ranks: 1)
        for ranks in [2, 3, 6] {
            let run = try SessionTests.run(settings, ranks: ranks)
            #expect(run.digest == alone.digest, "\(ranks) ranks")
            #expect(run.records.map(\.trainLoss) == alone.records.map(\.trainLoss))
        }
    }

    @Test func `A sum brings 64 bytes a client and the weights in 64 bits a rank`() throws {
        let run = try SessionTests.run(SessionTests.settings { $0.wire = "reduce" }, ranks: 4)
        // Six clients on three workers; 7,850 parameters, and weight and checksum.
        #expect(run.records.allSatisfy { $0.uploadBytes == 6 * 64 + 3 * 8 * (7_850 + 2) })
    }

    @Test(arguments: [Topology.node, .tree(2), .tree(3)])
    func `The weights are those of one process on any topology`(topology: Topology) throws {
        let alone = try SessionTests.run(SessionTests.settings(), ranks: 1)
        let settings = SessionTests.settings {
            $0.wire = "reduce"
            $0.topology = topology
        }
        for ranks in [1, 2, 3, 6] {
            let run = try SessionTests.run(settings, ranks: ranks)
            #expect(run.digest == alone.digest, "\(ranks) ranks")
            #expect(run.records.map(\.trainLoss) == alone.records.map(\.trainLoss))
        }
    }

    @Test func `Between two groups a round's frame crosses once, and one sum comes back`() throws {
        let settings = SessionTests.settings {
            $0.wire = "reduce"
            $0.topology = .tree(2)
        }
        let run = try SessionTests.run(settings, ranks: 4)
        // Down: header, six clients in 64 bytes, 7,850 floats. Up: the sum, and the envelopes of two ranks' four clients.
        let (down, up) = (64 + 64 + 4 * 7_850, 8 * (7_850 + 2) + 4 * 64)
        #expect(run.records.map { $0[.networkBytes] } == [Double](repeating: Double(down + up), count: 3))
        #expect(try SessionTests.run(settings, ranks: 2).records.allSatisfy { $0[.networkBytes] == 0 })
    }

    @Test func `A topology of sums is refused on a wire that brings each update by itself`() throws {
        let settings = SessionTests.settings { $0.topology = .node }
        let refusal = #expect(throws: ConfigurationError.self) { try SessionTests.run(settings, ranks: 1) }
        #expect(
            refusal?.description
                == "--topology node adds updates up on their way, and --wire gatherv brings each by itself; use --wire reduce"
        )
    }

    @Test(arguments: wires) func `A client whose weights overflow is left out on any wire`(wire: String) throws {
        let run = try SessionTests.run(
            SessionTests.settings {
                $0.lr = 1e38
                $0.rounds = 1
                $0.minClients = 0
                $0.wire = wire
            }, ranks: 3)
        #expect(run.records[0].rejected == 6 && run.records[0].participants == 0)
    }

    @Test(arguments: wires) func `A NaN made on purpose leaves out its client only`(wire: String) throws {
        let run = try SessionTests.run(
            SessionTests.settings {
                $0.inject = ["nan:rank=2@round=2"]
                $0.wire = wire
            }, ranks: 3)
        #expect(run.records.map(\.rejected) == [0, 1, 0])
        #expect(run.records.map(\.participants) == [6, 5, 6])
    }

    @Test func `A damaged envelope spoils its whole sum, and the round goes on`() throws {
        let run = try SessionTests.run(
            SessionTests.settings {
                $0.inject = ["corrupt:rank=2@round=2"]
                $0.minClients = 0
                $0.wire = "reduce"
            }, ranks: 3)
        #expect(run.records.map(\.rejected) == [0, 6, 0])
        #expect(run.records.map(\.participants) == [6, 0, 6])
    }

    @Test func `A partial sum is its totals, its weight, and a checksum that adds up`() throws {
        let shape = UpdateShape(plain: 2)
        var first = UpdateSum(shape, totalWeight: 4)
        try first.add([1.5, -0.25].span, weight: 3)
        var second = UpdateSum(shape, totalWeight: 4)
        try second.add([0.5, 4].span, weight: 1)
        func words(_ sum: UpdateSum) -> [Int64] {
            var pass = PartialSum(shape, [])
            var words = [Int64](repeating: 0, count: pass.wordCount)
            var span = words.mutableSpan
            pass.write(sum, to: &span)
            return words
        }
        // 3 · 1.5 = 4.5 and 3 · -0.25 = -0.75 in steps of 2^-32; weight 3 in steps of 2^-20.
        let expected: [Int64] = [19_327_352_832, -3_221_225_472, 3_145_728]
        #expect(words(first) == expected + [expected.reduce(0, +)])
        let total = zip(words(first), words(second)).map { $0 &+ $1 }
        for piece in 1...total.count {
            func pass(_ words: [Int64]) -> PartialSum {
                var pass = PartialSum(shape, [])
                for start in stride(from: 0, to: words.count, by: piece) {
                    pass.note(words.span.extracting(start..<min(start + piece, words.count)))
                }
                return pass
            }
            #expect(pass(total).isSound)
            #expect(pass(total).weight == 4)
            #expect(!pass(Array(total.dropLast())).isSound)
            for word in total.indices {
                var damaged = total
                damaged[word] ^= 1 << 17
                #expect(!pass(damaged).isSound)
            }
        }
    }
}
