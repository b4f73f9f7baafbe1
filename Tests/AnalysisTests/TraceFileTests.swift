import Foundation
import Testing

@testable import Analysis

struct TraceFileTests {
    private func events() throws -> [[String: Any]] {
        let fixture = try RunFolderFixture(
            log: "[" + Logs.round(1, accuracy: 0.5) + "," + Logs.round(2, accuracy: 0.75, late: 1) + "]",
            sessions: Logs.twoRounds)
        let run = try RecordedRun(in: fixture.url)
        let trace = TraceFile(run, TimeAccount(run.timing))
        let file = try JSONSerialization.jsonObject(with: Data(trace.bytes)) as? [String: Any]
        return try #require(file?["traceEvents"] as? [[String: Any]])
    }

    @Test func `Slices of a rank nest: a round holds phases, a phase holds clients`() throws {
        let slices = try events().filter { $0["ph"] as? String == "X" && $0["pid"] as? Int == 2 }
        func all(_ category: String) -> [(start: Int, end: Int, name: String)] {
            slices.filter { $0["cat"] as? String == category }.compactMap { slice in
                guard let start = slice["ts"] as? Int, let duration = slice["dur"] as? Int,
                    let name = slice["name"] as? String
                else { return nil }
                return (start, start + duration, name)
            }
        }
        let rounds = all("round")
        #expect(rounds.map(\.name) == ["before round 1", "round 1", "round 2"])
        #expect(rounds.map(\.start) == [0, 10, 110])
        #expect(rounds.map(\.end) == [10, 110, 210])
        let phases = all("phase")
        #expect(phases.count == 11)
        #expect(phases.allSatisfy { phase in rounds.contains { $0.start <= phase.start && phase.end <= $0.end } })
        let clients = all("client")
        #expect(clients.map(\.name) == ["client 1", "client 1"])
        #expect(
            clients.allSatisfy { client in
                phases.contains { $0.name == "train" && $0.start <= client.start && client.end <= $0.end }
            })
    }

    @Test func `Arrows go from the server's broadcast to each client and back, and never against time`() throws {
        let events = try events()
        let starts = events.filter { $0["ph"] as? String == "s" }
        let ends = events.filter { $0["ph"] as? String == "f" }
        // Two clients, two rounds, down and up.
        #expect(starts.count == 8)
        #expect(starts.compactMap { $0["id"] as? Int } == ends.compactMap { $0["id"] as? Int })
        for (start, end) in zip(starts, ends) {
            let (from, to) = (start["ts"] as? Int ?? 0, end["ts"] as? Int ?? -1)
            #expect(from <= to)
            let isDown = start["name"] as? String == "weights"
            #expect((start["pid"] as? Int == 0) == isDown)
            #expect((end["pid"] as? Int == 0) == !isDown)
        }
    }

    @Test func `Counters tell bytes and accuracy, instants tell faults`() throws {
        let events = try events()
        let accuracy = events.filter { $0["name"] as? String == "accuracy %" }
        #expect(accuracy.compactMap { ($0["args"] as? [String: Double])?["server"] } == [50, 75])
        let bytes = events.last { $0["name"] as? String == "bytes" && $0["pid"] as? Int == 1 }
        #expect(bytes?["args"] as? [String: Int] == ["sent": 100, "received": 60])
        let instants = events.filter { $0["ph"] as? String == "i" }
        #expect(instants.compactMap { $0["name"] as? String } == ["late: 1 in round 2"])
    }
}
