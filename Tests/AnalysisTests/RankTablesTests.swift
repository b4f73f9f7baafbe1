import FedCore
import Foundation
import Recording
import Testing

@testable import Analysis

struct RankTablesTests {
    private func rankTables(_ fixture: RunFolderFixture) throws -> RankTables {
        RunReport(try RecordedRun(in: fixture.url)).rankTables
    }

    @Test func `Time and bytes by rank look like mpiP's table`() throws {
        // 210 µs a rank; thousandfold, so that seconds show.
        let sessions = Logs.twoRounds.map { session in
            var session = session
            for i in session.events.indices {
                session.events[i].start *= 1_000
                session.events[i].duration *= 1_000
                session.events[i].bytesIn *= 100_000
                session.events[i].bytesOut *= 100_000
            }
            return session
        }
        let fixture = try RunFolderFixture(log: "[]", sessions: sessions)
        let lines = try rankTables(fixture).ranks(isShort: true).lines
        #expect(
            lines == [
                "rank  host        app s  MPI s   MPI%  wait%  sent MB  received MB",
                "0     node0       0.210  0.190   90.5   81.0    12.00        20.00",
                "1     node1       0.210  0.080   38.1   28.6    10.00         6.00",
                "2     node2       0.210  0.040   19.0    9.5    10.00         6.00",
                "*     all         0.630  0.310   49.2   39.7    32.00        32.00",
                "CV    of clients  0.000  0.333  0.333  0.500    0.000        0.000",
            ])
    }

    @Test func `The coefficient of variation is the standard deviation over the mean`() {
        // Mean 5, deviations −3, −1, −1, −1, 0, 0, 2, 4: variance 4.
        #expect(RankTables.variation([2, 4, 4, 4, 5, 5, 7, 9]) == 0.4)
        #expect(RankTables.variation([0, 0]) == 0)
    }

    @Test func `Many ranks are shown by the server and the busiest`() throws {
        let sessions = (0..<40).map { rank in
            Logs.session(
                rank: rank, of: 40,
                [Logs.event(1, rank == 0 ? .wait : .train, 0, 10 + rank), Logs.event(1, .wait, 10 + rank, 90 - rank)])
        }
        let fixture = try RunFolderFixture(log: "[]", sessions: sessions)
        let rankTables = try rankTables(fixture)
        let shown = rankTables.ranks(isShort: true).rows.map { $0[0] }
        #expect(shown == ["0", "32", "33", "34", "35", "36", "37", "38", "39", "*", "CV"])
        #expect(rankTables.ranks(isShort: false).rows.count == 42)
    }

    @Test func `One process sends nothing and waits for nobody`() throws {
        let fixture = try RunFolderFixture(
            log: "[]", sessions: [Logs.session(rank: 0, of: 1, [Logs.event(1, .train, 0, 10)])])
        #expect(try rankTables(fixture).lines.isEmpty)
        // Of several whose logs are gone something is told.
        let alone = try RunFolderFixture(
            log: "[]", sessions: [Logs.session(rank: 0, of: 3, [Logs.event(1, .train, 0, 10)])])
        #expect(try !rankTables(alone).lines.isEmpty)
    }

    @Test func `A rank that was killed is told, and that its times end before it did`() throws {
        var sessions = Logs.twoRounds
        sessions[2].header.clockAtEnd = nil
        sessions[2].events.removeAll { $0.round == 2 }
        func lost(isFinished: Bool) throws -> [String] {
            let folder = try RunFolderFixture(log: "[]", sessions: sessions)
            if isFinished { try folder.write("", "model.safetensors") }
            return try rankTables(folder).lines.filter { $0.hasPrefix("lost") }
        }
        #expect(
            try lost(isFinished: true) == [
                "lost      rank 2: times and turns are of what was logged until about a second before the end, bytes between "
                    + "ranks of what the others counted"
            ])
        #expect(try lost(isFinished: false).count == 1, "it was stopped: the server has come to its end")
        sessions[0].header.clockAtEnd = nil
        #expect(try lost(isFinished: false).isEmpty, "the run still goes on")
    }

    @Test func `A rank that was continued elsewhere has both hosts`() throws {
        let first = Logs.twoRounds
        var second = Logs.twoRounds
        for rank in second.indices {
            second[rank].header.epoch += 1_000
            if rank == 2 { second[rank].header.host = "node1" }
        }
        let timing = RunTiming(zip(first, second).map { (sessions: [$0, $1], messages: nil) })
        #expect(timing.ranks.map(\.hosts) == [["node0"], ["node1"], ["node2", "node1"]])
    }

    @Test func `Bytes between hosts are told where there are several`() throws {
        let ranks = (0..<3).map { rank in
            var session = Logs.session(rank: rank, [Logs.event(1, .train, 0, 10)])
            session.header.host = rank == 2 ? "b" : "a"
            return session
        }
        func sent(_ bytes: Int, _ peer: Int) -> MessageCount {
            MessageCount(
                operation: "MPI_Send", peer: peer, calls: 1, bytesOut: bytes, bytesIn: 0, total: 0, longest: 0)
        }
        let counts: [[MessageCount]] = [
            [sent(1_000_000, 1), sent(2_000_000, 2)], [sent(30_000, 0)], [sent(40_000, 0)],
        ]
        let fixture = try RunFolderFixture(log: "[]", sessions: ranks)
        let run = try RecordedRun(in: fixture.url)
        let tables = RankTables(
            run: run, account: TimeAccount(run.timing),
            traffic: Traffic(counts.enumerated().map { (rank: $0, messages: $1) }, ranks: 3))
        #expect(
            tables.betweenHosts == "2.04 of 3.07 MB between hosts, a broadcast counted for each rank that it is for")
    }

    /// Of 200 µs rank 0 waits 170 for one rank: rank 1 works for 120 of them, rank 2 for 160.
    @Test(arguments: [(1, true), (2, false)])
    func `A rank that was waited for longer than it works stood still`(rank: Int, isLate: Bool) throws {
        var sessions = Logs.twoRounds
        for i in sessions[0].events.indices where sessions[0].events[i].phase == .wait {
            sessions[0].events[i].peer = rank
        }
        let late = try rankTables(try RunFolderFixture(log: "[]", sessions: sessions)).facts.first { $0.name == "late" }
        #expect((late != nil) == isLate)
        #expect(late?.value.contains("for rank 1 (node1), which worked for") ?? true)
    }

    @Test func `What clients keep travels with their turns, and is told`() throws {
        let fixture = try RunFolderFixture(log: "[]", sessions: Logs.twoRounds)
        #expect(try !rankTables(fixture).facts.contains { $0.name == "states" })
        try fixture.write(#"{"client_state_bytes": 4000}"#, "config.json")
        let states = try rankTables(fixture).facts.first { $0.name == "states" }
        #expect(states?.value.contains("4,000 bytes down and up") == true)
    }

    @Test func `A run without timing logs has no tables`() throws {
        let fixture = try RunFolderFixture(log: "[" + Logs.round(1, accuracy: 0.5) + "]")
        #expect(try rankTables(fixture).lines.isEmpty)
    }
}
