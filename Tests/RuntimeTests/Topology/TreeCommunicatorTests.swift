import FedCore
import MPI
import MPITesting
import Records
import Testing

@testable import Runtime

@Suite struct TreeCommunicatorTests {
    // Five ranks are two levels of groups; by node, threads are one group, and a library's own way is taken.
    @Test(arguments: [(Topology.node, 2), (.tree(2), 5)], CommunicatorContract.all)
    func `A tree keeps the contract of communicators`(
        _ shape: (topology: Topology, ranks: Int), _ contractCase: ContractCase
    ) throws {
        guard shape.ranks >= contractCase.minimumSize else { return }
        let failures = try ThreadRanks.run(shape.ranks) { world in
            let checks = Checklist()
            try contractCase.run(on: TreeCommunicator(world, shape.topology), checks)
            return checks.failures
        }
        #expect(failures.count == shape.ranks)
        #expect(failures.flatMap { $0 }.isEmpty)
    }

    @Test(arguments: [1, 1_000, 2_500_000])
    func `A sum of nine ranks in three levels of two is their sum, in segments as well`(count: Int) throws {
        let sums = try ThreadRanks.run(9) { world -> [Int64] in
            let tree = try TreeCommunicator(world, .tree(2))
            var words = Buffer<Int64>(count: count)
            for i in 0..<count { words[i] = Int64(i + 1) << Int64(world.rank) }
            let down = try tree.startBroadcast(Buffer<Int64>(world.rank == 0 ? [7, 8] : [0, 0]), root: 0)
            let sum = try tree.startReduce(words, .sum, root: 0)
            words = try sum.wait()
            #expect(try down.wait().array() == [7, 8])
            // Other ranks' elements are only read: 2^rank for the first.
            if world.rank > 0 { #expect(words[count - 1] == Int64(count) << Int64(world.rank)) }
            return [words[0], words[count - 1]]
        }
        // The sum of 2^0 … 2^8 is 511.
        #expect(sums[0] == [511, 511 * Int64(count)])
    }

    @Test func `Between groups a broadcast and a sum count once for a group`() throws {
        // Groups {0, 1}, {2, 3}, {4}.
        let bytes = try ThreadRanks.run(5) { world -> [Int] in
            let tree = try TreeCommunicator(world, .tree(2))
            _ = try tree.startBroadcast(Buffer<UInt8>(count: 100), root: 0).wait()
            let broadcast = tree.bytesBetweenGroups
            _ = try tree.startReduce(Buffer<Int64>(count: 10), .sum, root: 0).wait()
            let reduction = tree.bytesBetweenGroups
            let own = Buffer<UInt8>(count: world.rank * 10)
            _ = try tree.startGatherv(own, into: Buffer(count: 100), counts: [0, 10, 20, 30, 40], root: 0).wait()
            return [broadcast, reduction, tree.bytesBetweenGroups, tree.isNear(1) ? 1 : 0, tree.isNear(2) ? 1 : 0]
        }
        #expect(bytes[0] == [200, 200 + 160, 200 + 160 + 90, 1, 0])
        #expect(bytes.dropFirst().allSatisfy { $0.prefix(3) == [0, 0, 0] })
    }

    @Test func `Counts of messages show who passes on to whom`() throws {
        let lines = try ThreadRanks.run(4) { world -> [String] in
            let ledger = MessageLedger(rank: world.rank, size: 4)
            let tree = try TreeCommunicator(MeteredCommunicator(world, ledger), .tree(2))
            _ = try tree.startReduce(Buffer<Int64>(count: 5), .sum, root: 0).wait()
            return ledger.counts.filter { ["MPI_Isend", "MPI_Irecv"].contains($0.operation) }
                .map { "\($0.operation) \($0.peer) \($0.bytesOut) \($0.bytesIn)" }
        }
        #expect(lines[0] == ["MPI_Irecv 1 0 40", "MPI_Irecv 2 0 40"])
        #expect(lines[1] == ["MPI_Isend 0 40 0"])
        #expect(lines[2] == ["MPI_Isend 0 40 0", "MPI_Irecv 3 0 40"])
        #expect(lines[3] == ["MPI_Isend 2 40 0"])
    }
}
