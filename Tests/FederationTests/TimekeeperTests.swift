import FedCore
import MPI
import MPITesting
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Whole runs with ranks as threads, with their time kept.
@Suite(.tags(.wholeRun), .unlessQuick) struct TimekeeperTests {
    struct Run {
        var records: [RoundRecord]
        var digest: String?
        /// What each rank recorded.
        var events: [[TimingEvent]]
        var messages: [[MessageCount]]
        var headers: [TimingHeader?]
        var clocksAtEnd: [ClockReading?]
    }

    private static func run(_ settings: RunSettings, ranks: Int, isOn: [Bool] = []) throws -> Run {
        let outcomes = try ThreadRanks.run(ranks) { world in
            let recorder = SessionTests.Recorder()
            let drawer = Drawer()
            var header: TimingHeader?
            let isOn = isOn.isEmpty || isOn[world.rank]
            let keeper = Timekeeper(world, isOn: isOn) { folder, opened in
                header = folder == "results/here" ? opened : nil
                return drawer
            }
            if world.rank == 0 { keeper.folder = "results/here" }
            try Session.run(world.rank == 0 ? settings : nil, on: world, timekeeper: keeper) { _ in [recorder] }
            return (recorder.records, recorder.digest, drawer.events, drawer.messages, header, drawer.clockAtEnd)
        }
        return Run(
            records: outcomes[0].0, digest: outcomes[0].1, events: outcomes.map(\.2), messages: outcomes.map(\.3),
            headers: outcomes.map(\.4), clocksAtEnd: outcomes.map(\.5))
    }

    private static func settings(wire: String) -> RunSettings {
        SessionTests.settings {
            $0.clientFraction = 0.7
            $0.wire = wire
        }
    }

    @Test(arguments: [("gatherv", 3), ("gatherv", 5), ("reduce", 3), ("gatherv", 1)])
    func `The phases of every rank follow each other without gap or overlap`(wire: String, ranks: Int) throws {
        let run = try Self.run(Self.settings(wire: wire), ranks: ranks)
        for (rank, events) in run.events.enumerated() {
            let isSeamless = zip(events, events.dropFirst()).allSatisfy { $0.end == $1.start }
            #expect(isSeamless, "rank \(rank)")
            #expect(events.allSatisfy { $0.duration >= 0 })
            #expect(Set(events.map(\.round)) == [0, 1, 2, 3], "rank \(rank)")
            let rounds = events.map(\.round)
            #expect(rounds == rounds.sorted())
        }
        let server = Set(run.events[0].map(\.phase))
        #expect(server.isSuperset(of: [.load, .aggregate, .evaluate]))
        #expect(server.contains(.train) == (ranks == 1))
        for events in run.events.dropFirst() {
            #expect(Set(events.map(\.phase)).isSuperset(of: [.load, .train, .encode, .broadcast, .gather]))
        }
    }

    @Test(arguments: ["gatherv", "reduce"])
    func `Bytes, clients and samples agree with the round log to the last one`(wire: String) throws {
        let run = try Self.run(Self.settings(wire: wire), ranks: 3)
        for record in run.records {
            let events = run.events.map { $0.filter { $0.round == record.round } }
            let up = events[0].filter { $0.phase == .gather }.reduce(0) { $0 + $1.bytesIn }
            #expect(up == record.uploadBytes)
            let workers = events.dropFirst().joined()
            #expect(workers.reduce(0) { $0 + $1.bytesOut } == record.uploadBytes)
            let down = workers.filter { $0.phase == .broadcast }.reduce(0) { $0 + $1.bytesIn * $1.clients }
            #expect(down == record.downloadBytes)
            let trained = workers.filter { $0.phase == .train }
            #expect(trained.reduce(0) { $0 + $1.samples } == record.samples)
            #expect(trained.count == record.cohort)
        }
        // The counts of all rounds, at both ends.
        let total = run.records.reduce(0) { $0 + $1.uploadBytes }
        let operations = ["MPI_Igatherv", "MPI_Ireduce"]
        let received = run.messages[0].filter { operations.contains($0.operation) }.reduce(0) { $0 + $1.bytesIn }
        let sent = run.messages.dropFirst().joined().filter { operations.contains($0.operation) }
        #expect(received == total)
        #expect(sent.reduce(0) { $0 + $1.bytesOut } == total)
    }

    @Test func `Every rank has a header, and clocks that agree within their errors, at start and end`() throws {
        let run = try Self.run(Self.settings(wire: "gatherv"), ranks: 4)
        for rank in 0..<4 {
            let header = try #require(run.headers[rank])
            #expect(header.rank == rank && header.ranks == 4)
            #expect(header.epoch == run.headers[0]?.epoch)
            // Threads share one clock.
            for clock in [header.clockAtStart, run.clocksAtEnd[rank]] {
                let clock = try #require(clock)
                #expect(abs(clock.offset) <= clock.error)
            }
        }
    }

    @Test func `Keeping time changes no bit, and rank 0 decides whether it is kept`() throws {
        let settings = Self.settings(wire: "gatherv")
        let timed = try Self.run(settings, ranks: 3)
        let untimed = try Self.run(settings, ranks: 3, isOn: [false, true, false])
        let mixed = try Self.run(settings, ranks: 3, isOn: [true, true, false])
        #expect(timed.digest == untimed.digest && timed.digest == mixed.digest)
        #expect(untimed.events.map(\.isEmpty) == [true, true, true])
        #expect(mixed.events.map(\.isEmpty) == [false, false, true])
    }
}
