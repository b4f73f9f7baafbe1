import FedCore
import Foundation
import Testing

@testable import Federation
@testable import fedmpi

@Suite struct WatchedRunTests {
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

    @Test func `A run is followed from before its beginning to its end`() throws {
        var run = WatchedRun(in: folder)
        try run.refresh()
        #expect(run.plan == nil && run.ending == nil)
        #expect(WatchText.block(run, lines: 10) == ["run       run has not begun"])

        try begin()
        try log(rounds: 4)
        try run.refresh()
        #expect(run.records.count == 4 && run.ending == nil)
        #expect(run.secondsPerRound == 2)
        let left = try #require(run.secondsLeft)
        #expect(left <= 12 && left >= 10, "six rounds, less the time since the last one ended")
        #expect(
            WatchText.block(run, lines: 10).contains("rounds    4 of 10  [################........................]"))
        #expect(WatchText.block(run, lines: 2).count == 2)

        try log(rounds: 10)
        try run.refresh()
        #expect(run.ending == nil, "the last round is over, but nothing is saved")
        try write("", to: "model.safetensors")
        try run.refresh()
        #expect(run.ending == WatchedRun.Ending(status: .finished, reason: nil))
    }

    @Test func `A continued run has the rounds that it was continued with, and its old model is no end`() throws {
        try begin()
        try log(rounds: 10)
        try write("", to: "model.safetensors")
        let old = Date.now.addingTimeInterval(-60)
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.setAttributes(
                [.modificationDate: old], ofItemAtPath: folder.appendingPathComponent(file).path)
        }
        try write(#"[{"rounds": 20, "ranks": 2, "hosts": ["node9"]}]"#, to: "resumes.json")
        var run = WatchedRun(in: folder)
        try run.refresh()
        #expect(run.plan?.rounds == 20 && run.plan?.ranks == 2 && run.ending == nil)
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

    @Test func `A file that is not a run's is named`() throws {
        try begin()
        try write("{}", to: "round_log.json")
        var run = WatchedRun(in: folder)
        let error = #expect(throws: ConfigurationError.self) { try run.refresh() }
        #expect(error?.description.contains("/run/round_log.json' is not what fedmpi") == true)
    }

    @Test(arguments: [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min"), (-1, "0 s")])
    func `Time is told as a person tells it`(seconds: Double, text: String) {
        #expect(Format.duration(seconds) == text)
    }
}
