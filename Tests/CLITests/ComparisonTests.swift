import Analysis
import FedCore
import Foundation
import Testing

@testable import Experiments
@testable import Federation
@testable import Records
@testable import RunStore
@testable import fedmpi

@Suite struct ComparisonTests {
    /// A run of 10 bytes up and 20 down and half a second a round.
    private func run(
        _ name: String, _ accuracies: [Double?], ranks: Int = 3, change: (inout RunSettings) -> Void = { _ in }
    ) throws -> (StoredRun, [RoundRecord]) {
        var settings = RunSettings()
        change(&settings)
        let rounds = accuracies.enumerated().map { i, accuracy in
            var record = RoundRecord(round: i + 1)
            record.serverAccuracy = accuracy
            record.totalUploadBytes = 10_000_000 * (i + 1)
            record.totalDownloadBytes = 20_000_000 * (i + 1)
            record.seconds = 0.5
            return record
        }
        let run = StoredRun(
            id: 1, name: name, status: .finished, reason: nil, startedAt: .now, finishedAt: .now, heartbeatAt: .now,
            process: "", resumes: 0, version: "1", mpi: "An MPI", oneDNN: "2", host: "node1", hosts: 1, ranks: ranks,
            strategy: settings.strategy, model: settings.model, parameters: 7, dataset: settings.dataset,
            trainingSamples: 1, testSamples: 1, clients: settings.clients, seed: "1",
            settings: String(decoding: try JSONEncoder().encode(settings), as: UTF8.self), plannedRounds: rounds.count,
            rounds: rounds.count, accuracy: accuracies.last ?? nil, bestAccuracy: accuracies.compactMap(\.self).max(),
            loss: nil, uploadBytes: rounds.last?.totalUploadBytes ?? 0,
            downloadBytes: rounds.last?.totalDownloadBytes ?? 0, seconds: 0.5 * Double(rounds.count), digest: nil)
        return (run, rounds)
    }

    @Test func `Only what differs in the settings is told, a missing one as a dash`() throws {
        let comparison = try Comparison([
            run("a", [0.5]),
            run("b", [0.5]) {
                $0.lr = 0.01
                $0.roundDeadline = 30
                $0.realDelays = true
            },
        ])
        #expect(comparison.differences.map(\.name) == ["lr", "real-delays", "round-deadline"])
        #expect(comparison.differences.map(\.values) == [["0.05", "0.01"], ["false", "true"], ["-", "30"]])
        #expect(comparison.text.hasPrefix("settings            a     b\nlr               0.05  0.01\n"))
    }

    @Test func `Runs of equal settings may still have had other ranks`() throws {
        let same = try Comparison([run("a", [0.5]), run("b", [0.5])])
        #expect(same.text.hasPrefix("settings  no difference\n\noutcome"))
        let ranks = try Comparison([run("a", [0.5]), run("b", [0.5], ranks: 6)])
        #expect(ranks.text.hasPrefix("settings  a  b\nranks     3  6\n\noutcome"))
    }

    /// As the runs of a sweep are called.
    @Test func `Long names give way to the settings that tell the runs apart`() throws {
        let names = ["fedavg", "fedprox"].map { "grid/runs/strategy=\($0),alpha=0.5,seed=1" }
        let comparison = try Comparison([
            run(names[0], [0.5]),
            run(names[1], [0.5]) {
                ($0.strategy, $0.alpha) = ("fedprox", 0.1)
            },
        ])
        #expect(comparison.titles == ["fedavg, alpha 0.5", "fedprox, alpha 0.1"])
        #expect(
            comparison.text.hasPrefix(
                """
                fedavg, alpha 0.5   \(names[0])
                fedprox, alpha 0.1  \(names[1])

                settings  fedavg, alpha 0.5  fedprox, alpha 0.1
                alpha                   0.5                 0.1
                strategy             fedavg             fedprox

                """))
        #expect(comparison.picture.script.contains("title 'fedprox, alpha 0.1'"))
        // Of equal settings the numbers are left.
        #expect(try Comparison([run(names[0], [0.5]), run(names[0] + "-again", [0.5])]).titles == ["run 1", "run 1"])
        #expect(try Comparison([run("a", [0.5]), run("b", [0.5]) { $0.alpha = 1 }]).titles == ["a", "b"])
    }

    /// The figures of the sweep's own test: differences of -10 and -30 points have p = 1 - 2 atan(2) / π = 0.295.
    @Test func `Runs of equal seeds are compared in pairs`() throws {
        func runs(seeds: [[UInt64]]) throws -> Comparison {
            let accuracies = [[0.8, 0.6], [0.9, 0.9]]
            return try Comparison(
                (0..<2).flatMap { group in
                    try (0..<2).map { i in
                        try run("\(group)-\(i)", [accuracies[group][i]]) {
                            $0.seed = seeds[group][i]
                            $0.strategy = ["fedavg", "fedprox"][group]
                        }
                    }
                })
        }
        let rows = try runs(seeds: [[1, 2], [1, 2]]).paired.rows
        #expect(rows.map { [$0.runs, $0.best] } == [["fedavg", "fedprox"]])
        #expect(abs(try #require(rows.first).test.probability - 0.2952) < 0.0001)
        // Other seeds are no pairs.
        #expect(try runs(seeds: [[1, 2], [1, 3]]).paired.rows.isEmpty)
        #expect(try Comparison([run("a", [0.5]), run("b", [0.6]) { $0.seed = 7 }]).paired.rows.isEmpty)
    }

    @Test func `The price of the accuracy that all had is counted to the first round that had it`() throws {
        let comparison = try Comparison([run("a", [0.2, nil, 0.7, 0.6, 0.8]), run("b", [0.3, 0.75, 0.7])])
        #expect(comparison.commonAccuracy == 0.75)
        let slow = try #require(comparison.entries[0].reaching(0.75))
        #expect(slow.round == 5 && slow.bytes == 150_000_000 && slow.seconds == 2.5)
        let fast = try #require(comparison.entries[1].reaching(0.75))
        #expect(fast.round == 2 && fast.bytes == 60_000_000 && fast.seconds == 1)
        #expect(comparison.entries[1].reaching(0.76) == nil)
        let blind = try Comparison([run("a", [0.2]), run("b", [nil])])
        #expect(blind.commonAccuracy == nil && blind.hasCurves)
        #expect(try !Comparison([run("a", [nil]), run("b", [])]).hasCurves)
    }

    @Test func `The picture has a block of data for each run, and no name breaks its script`() throws {
        let picture = try Comparison([run("a\"`b\\", [0.2, 0.4]), run("c", [0.6])]).picture
        let blocks = picture.data.components(separatedBy: "\n\n\n")
        #expect(blocks.count == 2)
        #expect(
            blocks[1] == "# c\n# round,train_loss,server_loss,accuracy_percent,total_mb,total_seconds\n"
                + "1,NaN,NaN,60.0,30.0,0.5\n")
        #expect(picture.script.contains("title 'a\"`b\\'"))
        #expect(
            Comparison.folderName(of: (0..<30).map { "run-number-\($0)" }) == "compare-run-number-0-and-29-more")
    }

    @Test func `Names out of a history that was sent are texts in the picture and one name of a folder`() throws {
        let name = "../it's `\u{301}X`\u{301}\n9,9"
        let comparison = try Comparison([run(name, [0.5]), run("DATA", [0.5]) { $0.lr = 0.01 }])
        let parts = comparison.picture.script.components(separatedBy: "'")
        #expect(
            !parts.enumerated().contains {
                $0.offset % 2 == 0 && ($0.element.contains("`") || $0.element.contains("X"))
            })
        #expect(comparison.picture.script.contains("title 'DATA: lr 0.01'"))
        #expect(!comparison.picture.data.split(separator: "\n").contains("9,9"))
        let folder = Comparison.folderName(of: [name, "DATA"])
        #expect(!folder.unicodeScalars.contains("/") && folder.firstUnprintable == nil)
    }
}
