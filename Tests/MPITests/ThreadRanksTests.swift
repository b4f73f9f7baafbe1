import Foundation
import MPI
import MPITesting
import Testing

private struct Broken: Error, Equatable {
    let rank: Int
}

@Suite struct ThreadRanksTests {
    @Test func `results come in rank order`() throws {
        let ranks = try ThreadRanks.run(5) { world in [world.rank, world.size] }
        #expect(ranks == [[0, 5], [1, 5], [2, 5], [3, 5], [4, 5]])
    }

    @Test func `the first error is thrown and frees ranks that wait`() {
        #expect(throws: Broken(rank: 2)) {
            try ThreadRanks.run(4) { world in
                if world.rank == 2 { throw Broken(rank: 2) }
                try world.barrier()
            }
        }
    }

    @Test func `ranks that wait are told which rank failed`() throws {
        let outcomes = try ThreadRanks.outcomes(3) { world in
            if world.rank == 0 { throw Broken(rank: 0) }
            if world.rank == 1 {
                var data = Buffer<Float>(count: 1)
                try world.receive(into: &data, from: 0, tag: 0)
            } else {
                _ = try world.startBroadcast(Buffer<Float>(count: 1), root: 0).wait()
            }
        }
        #expect(throws: Broken(rank: 0)) { try outcomes[0].get() }
        for rank in 1...2 {
            let error = #expect(throws: MPIError.self) { try outcomes[rank].get() }
            #expect(error?.message.contains("rank 0 failed") == true)
        }
    }

    @Test func `a deadlock ends with a time-out that names who waits for what`() {
        let error = #expect(throws: ThreadRanks.TimedOut.self) {
            try ThreadRanks.run(2, timeout: .milliseconds(50)) { world in
                var data = Buffer<Float>(count: 1)
                try world.receive(into: &data, from: 1 - world.rank, tag: 0)
            }
        }
        #expect(error?.ranks == [0, 1])
        #expect(error?.description.contains("rank 0 waits in MPI_Recv, rank 1 waits in MPI_Recv") == true)
    }

    @Test func `a job that does not end says who asks for what, and who computes`() {
        let error = #expect(throws: ThreadRanks.TimedOut.self) {
            try ThreadRanks.run(2, timeout: .milliseconds(50)) { world in
                guard world.rank == 0 else { return usleep(200_000) }
                while try world.iprobe(from: 1, tag: 0) == nil { usleep(1000) }
                return 0
            }
        }
        #expect(
            error?.description.hasSuffix(": rank 0 asks again and again in MPI_Iprobe, rank 1 computes") == true,
            "\(error?.description ?? "")")
    }

    @Test func `long blocking sends to each other deadlock as they do in MPI`() {
        #expect(throws: ThreadRanks.TimedOut.self) {
            try ThreadRanks.run(2, timeout: .milliseconds(50)) { world in
                let data = Buffer<UInt8>(count: ThreadCommunicator.bufferedBytes + 1)
                try world.send(data, to: 1 - world.rank, tag: 0)
                var room = Buffer<UInt8>(count: data.count)
                try world.receive(into: &room, from: 1 - world.rank, tag: 0)
            }
        }
    }

    @Test func `different collectives are an error on every rank`() throws {
        let outcomes = try ThreadRanks.outcomes(2) { world in
            var data = Buffer<Float>(count: 1)
            if world.rank == 0 { try world.broadcast(&data, root: 0) } else { try world.barrier() }
        }
        for outcome in outcomes {
            let error = #expect(throws: MPIError.self) { try outcome.get() }
            #expect(error?.message.contains("rank 0 in MPI_Bcast, rank 1 in MPI_Barrier") == true)
        }
    }

    @Test func `counts that do not fit together are an error on every rank`() throws {
        let outcomes = try ThreadRanks.outcomes(2) { world in
            let send = Buffer<Float>(count: 2 + world.rank)
            var all = Buffer<Float>(count: 4)
            try world.gatherv(send, into: &all, counts: [2, 2], root: 0)
        }
        for outcome in outcomes {
            let error = #expect(throws: MPIError.self) { try outcome.get() }
            #expect(error?.message.contains("the root expects [2, 2] elements, the ranks send [2, 3]") == true)
        }
    }

    @Test func `a collective with a rank that is gone misses its deadline`() throws {
        let complete = try ThreadRanks.run(3) { world in
            if world.rank == 2 { return false }
            var request = try world.startAllReduce(Buffer<Float>(count: 8), .sum)
            let complete = try request.wait(until: .now + .milliseconds(20))
            request.abandon()
            // The others go on without it.
            let survivors = try world.createGroup([0, 1], tag: 1)
            return try !complete && survivors?.allReduce(Int64(1), .sum) == 2
        }
        #expect(complete == [true, true, false])
    }

    @Test func `the loopback refuses to wait for ever`() {
        let alone = LoopbackCommunicator()
        var data = Buffer<Float>(count: 1)
        let error = #expect(throws: MPIError.self) { try alone.receive(into: &data, from: 0, tag: 0) }
        #expect(error?.description == "MPI_Recv failed with code 16: waits for ever: there is no other rank")
    }
}
