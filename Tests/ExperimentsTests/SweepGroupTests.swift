import MPI
import MPITesting
import Testing

@testable import Experiments
@testable import Records
@testable import Runtime

@Suite struct SweepGroupTests {
    @Test(
        arguments: [
            // As few ranks as keep all busy.
            (6, 36, nil, 10, 6), (6, 3, nil, 10, 3), (6, 4, nil, 10, 6), (1, 36, nil, 10, 1), (6, 0, nil, 10, 1),
            // No more than a run has use for: a server and its clients.
            (12, 2, nil, 3, 3),
            // As asked for, ranks that are left over included.
            (6, 36, 3, 10, 2), (7, 36, 3, 10, 2), (5, 36, 2, 10, 2), (2, 36, 3, 10, 1), (6, 1, 1, 10, 6),
        ] as [(Int, Int, Int?, Int, Int)])
    func `So many groups`(ranks: Int, runs: Int, ranksPerRun: Int?, clients: Int, expected: Int) {
        #expect(
            SweepGroup.count(ranks: ranks, runs: runs, ranksPerRun: ranksPerRun, clients: clients) == expected)
    }

    @Test func `Groups are neighbours, their first is the leader, and sizes differ by one at most`() throws {
        let groups = try ThreadRanks.run(7) { world in
            let group = try SweepGroup(world, groups: 3, stop: StopFlag())
            return [[group.leader], group.clients, group.leaders, [group.sizes.lowerBound, group.sizes.upperBound]]
        }
        #expect(groups[0] == [[0], [1, 2], [0, 3, 5], [2, 3]])
        #expect(groups[4] == [[3], [4], [0, 3, 5], [2, 3]])
        #expect(groups[6] == [[5], [6], [0, 3, 5], [2, 3]])
    }

    @Test func `What nobody has received is gone when a run's channel has settled`() throws {
        let settled = try ThreadRanks.run(3) { world in
            let channel = RunChannel(try world.duplicate(), stop: StopFlag())
            let control = try channel.duplicate()
            // Pings that come after the client has looked for the last time, and a report that nobody waits for.
            let peers = world.rank == 0 ? [1, 2] : [0]
            for peer in peers {
                var request = try control.startSend(Buffer<Int64>([1, 2, 3]), to: peer, tag: 1)
                _ = try request.test()
            }
            return try channel.settle()
        }
        #expect(settled == [true, true, true])
    }

    @Test func `Runs are handed out once each, and all ranks learn of lost ranks at the end`() throws {
        let seen = try ThreadRanks.run(3) { world in
            let stop = StopFlag()
            let messages = try SweepChannel(world, stop: stop)
            guard world.rank == 0 else {
                var done: [Int] = []
                var report = SweepChannel.Report()
                while true {
                    try messages.send(report)
                    switch try messages.order() {
                    case .run(let run):
                        done.append(run.index)
                        report = SweepChannel.Report(
                            outcome: SweepOutcome(index: run.index, end: .failed("no"), seconds: 0),
                            hasLostRanks: world.rank == 2)
                    case .end(let hasLostRanks): return done + (hasLostRanks ? [-1] : [])
                    }
                }
            }
            let runs = (0..<20).map { index in
                SweepRun(
                    index: index, settings: RunSettings(), outputs: RunOutputs.Choice(results: ""), name: "",
                    isTimed: false)
            }
            let queue = SweepQueue(runs, leaders: [1, 2], messages: messages, stop: stop)
            // Rank 0 leads no run here: it answers until all are done.
            try queue.finish()
            return queue.outcomes.map(\.index).sorted()
        }
        #expect(seen[0] == Array(0..<20))
        let shared = seen[1].filter { $0 >= 0 } + seen[2].filter { $0 >= 0 }
        #expect(shared.sorted() == Array(0..<20))
        #expect(seen[1].last == -1 && seen[2].last == -1)
    }
}
