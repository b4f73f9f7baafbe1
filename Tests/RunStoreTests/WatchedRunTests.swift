import FedCore
import Foundation
import Testing

@testable import Records
@testable import RunStore

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

        try begin()
        try log(rounds: 4)
        try run.refresh()
        #expect(run.records.count == 4 && run.ending == nil)
        #expect(run.secondsPerRound == 2)
        let left = try #require(run.secondsLeft)
        #expect(left <= 12 && left >= 10, "six rounds, less the time since the last one ended")

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

    @Test func `Faults are read in their order`() throws {
        try begin()
        try write(
            """
            [{"round": 1, "kind": "rank_lost", "rank": 2, "clients": []},
             {"round": 3, "kind": "rank_lost", "rank": 1, "clients": [4]},
             {"round": 3, "kind": "rank_returned", "rank": 2, "clients": []}]
            """, to: "faults.json")
        var run = WatchedRun(in: folder)
        try run.refresh()
        #expect(run.faults.map(\.kind) == [.rankLost, .rankLost, .rankReturned])
    }

    @Test func `A file that is not a run's is named`() throws {
        try begin()
        try write("{}", to: "round_log.json")
        var run = WatchedRun(in: folder)
        let error = #expect(throws: ConfigurationError.self) { try run.refresh() }
        #expect(error?.description.contains("/run/round_log.json' is not what fedmpi") == true)
    }
}

@Suite struct RankActivityTests {
    private let run = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-\(UUID().uuidString)")

    /// A log with this many rounds of 30 µs of training and 10 µs of waiting, and one more of which only the training
    /// is there.
    private func write(rounds: Int, rank: Int) throws {
        let folder = run.appendingPathComponent("timing")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var text = "# fedmpi timing 1\n# rank \(rank) of 3\n# host node\(rank)\n# process 1\n# epoch_us 5\n"
        for round in 1...rounds {
            text += "\(round),\(rank),node\(rank),train,\(40 * round),30,0,0,,1,8,0\n"
            text += "\(round),\(rank),node\(rank),wait,\(40 * round + 30),10,0,0,0,0,0,\n"
        }
        text += "\(rounds + 1),\(rank),node\(rank),train,\(40 * rounds + 40),30,0,0,,1,8,0\n\(rounds + 1),\(rank),no"
        try Data(text.utf8).write(to: folder.appendingPathComponent("rank_000\(rank).csv"))
    }

    @Test(arguments: [1, 7, 5_000])
    func `The last whole round tells what a rank spends its time on, however long its log`(rounds: Int) throws {
        try write(rounds: rounds, rank: 2)
        let activity = try #require(RankActivity(rank: 2, of: run))
        #expect(activity.rank == 2 && activity.host == "node2" && activity.round == rounds)
        #expect(
            activity.shares == [.init(phase: .train, share: 0.75), .init(phase: .wait, share: 0.25)])
        #expect(RankActivity(rank: 1, of: run) == nil)
    }

    @Test func `A round that has only begun is better than none, and ranks are averaged`() throws {
        try write(rounds: 3, rank: 1)
        let folder = run.appendingPathComponent("timing")
        let other = "# fedmpi timing 1\n# rank 2 of 3\n# host node2\n1,2,node2,wait,0,50,0,0,0,0,0,\n"
        try Data(other.utf8).write(to: folder.appendingPathComponent("rank_0002.csv"))
        let both = try [1, 2].map { try #require(RankActivity(rank: $0, of: run)) }
        #expect(both[1].round == 1 && both[1].shares == [.init(phase: .wait, share: 1)])
        #expect(RankActivity.mean(of: both) == [.init(phase: .wait, share: 0.625), .init(phase: .train, share: 0.375)])
    }
}
