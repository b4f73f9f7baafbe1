import Foundation
import Testing

@testable import Records
@testable import RunStore
@testable import fedmpi

@Suite struct WatchTextTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("fedmpi-\(UUID().uuidString)/results/run")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(file), options: .atomic)
    }

    private func begin(rounds: Int = 10) throws {
        try write(
            """
            {"settings": {"strategy": "fedavg", "model": "logistic", "dataset": "synthetic", "clients": 4, \
            "rounds": \(rounds)}, "ranks": 3, "hosts": ["node1", "node2"]}
            """, to: "config.json")
    }

    private func log(rounds: Int, seconds: Double = 2) throws {
        let records = (0..<rounds).map { i in
            var record = RoundRecord(round: i + 1)
            record.seconds = seconds
            record.serverAccuracy = 0.5
            return record
        }
        try write(String(decoding: try JSONEncoder().encode(records), as: UTF8.self), to: "round_log.json")
    }

    @Test func `A run's rounds fill a bar, as many lines as there is room for`() throws {
        var run = WatchedRun(in: folder)
        try run.refresh()
        #expect(WatchText.block(run, lines: 10) == ["run       run has not begun"])
        try begin()
        try log(rounds: 4)
        try run.refresh()
        #expect(
            WatchText.block(run, lines: 10).contains("rounds    4 of 10  [################........................]"))
        #expect(WatchText.block(run, lines: 2).count == 2)
    }

    @Test func `Faults are counted by their kind`() throws {
        try begin()
        try write(
            """
            [{"round": 1, "kind": "rank_lost", "rank": 2, "clients": []},
             {"round": 3, "kind": "rank_lost", "rank": 1, "clients": [4]},
             {"round": 3, "kind": "rank_returned", "rank": 2, "clients": []}]
            """, to: "faults.json")
        var run = WatchedRun(in: folder)
        try run.refresh()
        #expect(WatchText.block(run, lines: 10).last == "faults    2 rank lost, 1 rank returned")
    }

    @Test(arguments: [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min"), (-1, "0 s")])
    func `Time is told as a person tells it`(seconds: Double, text: String) {
        #expect(Format.duration(seconds) == text)
    }
}
