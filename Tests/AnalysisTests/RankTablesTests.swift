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

    @Test func `A run without timing logs has no tables`() throws {
        let fixture = try RunFolderFixture(log: "[" + Logs.round(1, accuracy: 0.5) + "]")
        #expect(try rankTables(fixture).lines.isEmpty)
    }
}
