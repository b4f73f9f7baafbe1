import FedCore
import MPI
import MPITesting
import Testing

@testable import Runtime

@Suite struct MessageLedgerTests {
    /// `operation peer calls out in` of each line but its times.
    private static func lines(_ ledger: MessageLedger) -> [String] {
        ledger.counts.map { "\($0.operation) \($0.peer) \($0.calls) \($0.bytesOut) \($0.bytesIn)" }
    }

    @Test func `A broadcast counts once from the root to each member, a gather once from each to the root`() throws {
        let lines = try ThreadRanks.run(3) { world -> [String] in
            let ledger = MessageLedger(rank: world.rank, size: 3)
            let metered = MeteredCommunicator(world, ledger)
            var frame = Buffer<UInt8>(count: 100)
            frame = try metered.startBroadcast(frame, root: 0).wait()
            frame = try metered.startBroadcast(frame, root: 0).wait()
            let own = Buffer<Float>(count: world.rank)
            _ = try metered.startGatherv(own, into: Buffer(count: 3), counts: [0, 1, 2], root: 0).wait()
            _ = try metered.startReduce(Buffer<Int64>(count: 5), .sum, root: 0).wait()
            return Self.lines(ledger)
        }
        #expect(
            lines[0] == [
                "MPI_Ibcast 0 2 0 0", "MPI_Ibcast 1 2 200 0", "MPI_Ibcast 2 2 200 0",
                "MPI_Igatherv 0 1 0 0", "MPI_Igatherv 1 1 0 4", "MPI_Igatherv 2 1 0 8",
                "MPI_Ireduce 0 1 0 0", "MPI_Ireduce 1 1 0 40", "MPI_Ireduce 2 1 0 40",
            ])
        #expect(lines[1] == ["MPI_Ibcast 0 2 0 200", "MPI_Igatherv 0 1 4 0", "MPI_Ireduce 0 1 40 0"])
        #expect(lines[2] == ["MPI_Ibcast 0 2 0 200", "MPI_Igatherv 0 1 8 0", "MPI_Ireduce 0 1 40 0"])
    }

    /// A rank that is killed never sends its share, and the gather is never complete.
    @Test func `What a root gathers counts when it has come`() throws {
        let lines = try ThreadRanks.run(2) { world -> [[String]] in
            let ledger = MessageLedger(rank: world.rank, size: 2)
            let metered = MeteredCommunicator(world, ledger)
            let own = Buffer<Float>(count: 2 * world.rank)
            // The other one comes only after the root has looked.
            var word = Buffer<UInt8>(count: 1)
            if world.rank == 1 { try world.receive(into: &word, from: 0, tag: 1) }
            let gather = try metered.startGatherv(own, into: Buffer(count: 2), counts: [0, 2], root: 0)
            let before = Self.lines(ledger)
            if world.rank == 0 { try world.send(word, to: 1, tag: 1) }
            _ = try gather.wait()
            return [before, Self.lines(ledger)]
        }
        #expect(lines[0] == [[], ["MPI_Igatherv 0 1 0 0", "MPI_Igatherv 1 1 0 8"]])
        #expect(lines[1][1] == ["MPI_Igatherv 0 1 8 0"])
    }

    @Test func `Messages count where they come from, as long as they are, on duplicates too`() throws {
        let lines = try ThreadRanks.run(2) { world -> [String] in
            let ledger = MessageLedger(rank: world.rank, size: 2)
            let metered = MeteredCommunicator(world, ledger)
            let control = try metered.duplicate()
            if world.rank == 0 {
                for _ in 0..<3 { _ = try control.startSend(Buffer<Int64>(count: 3), to: 1, tag: 1).wait() }
                try metered.send(Buffer<Float>(count: 10), to: 1, tag: 2)
            } else {
                var short = Buffer<Int64>(count: 8)
                for _ in 0..<2 { try control.receive(into: &short, from: nil, tag: 1) }
                _ = try control.startReceive(into: short, from: 0, tag: 1).wait()
                _ = try metered.startReceive(into: Buffer<Float>(count: 20), from: 0, tag: 2).wait()
            }
            return Self.lines(ledger)
        }
        #expect(lines[0] == ["MPI_Send 1 1 40 0", "MPI_Isend 1 3 72 0"])
        #expect(lines[1] == ["MPI_Recv 0 2 0 48", "MPI_Irecv 0 2 0 64"])
    }

    @Test func `The time of a call runs to its completion, to the microsecond`() {
        let ledger = MessageLedger(rank: 1, size: 2)
        let transfer = Transfer.send(MemoryRegion(base: nil, count: 0, datatype: .uint8), to: 0, tag: 0)
        for nanoseconds in [1_499, 10_500] {
            let peer = ledger.begin(transfer, .send)
            ledger.end(.send, peer, nanoseconds: nanoseconds)
        }
        let expected = MessageCount(
            operation: "MPI_Send", peer: 0, calls: 2, bytesOut: 0, bytesIn: 0, total: 1 + 11, longest: 11)
        #expect(ledger.counts == [expected])
    }
}
