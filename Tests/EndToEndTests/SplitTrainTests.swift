import Foundation
import Testing

/// Models that devices and the server train in two parts.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct SplitTrainTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let small = [
        "--rounds", "3", "--dataset", "synthetic", "--samples-per-client", "100", "--model", "edgecnn-small",
    ]

    private func run(_ command: String, ranks: Int?, _ arguments: [String]) throws -> Program.Outcome {
        try Program.run(
            ranks: ranks, [command] + arguments + ["--results", folder.path, "--json", "--no-report"], seconds: 60)
    }

    @Test func `One device ends with the weights of unsplit training`() throws {
        // Two rounds of 45 samples: the last batch has 13.
        let options = [
            "--rounds", "2", "--clients", "1", "--dataset", "synthetic", "--samples-per-client", "45", "--model",
            "simplecnn",
        ]
        let whole = try run("train", ranks: 2, options)
        let split = try run("split-train", ranks: 2, options)
        #expect(split.status == 0, "\(split.errors)")
        #expect(try split.digest() == whole.digest())
    }

    @Test(arguments: ["shared", "per-client"])
    func `The weights have the same bits at 1, 2 and 5 ranks, whoever is killed`(part: String) throws {
        let options = Self.small + ["--clients", "6", "--server-part", part, "--failure-timeout", "3"]
        let alone = try run("split-train", ranks: nil, options).digest()
        for ranks in [2, 5] {
            let outcome = try run("split-train", ranks: ranks, options)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.digest() == alone, "\(ranks) ranks")
        }
        let outcome = try run(
            "split-train", ranks: 5,
            options + [
                "--inject", "kill:rank=2@round=1,phase=train", "--inject", "kill:rank=4@round=3,phase=broadcast",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == alone)
        #expect(outcome.errors.contains("lost rank 2") && outcome.errors.contains("lost rank 4"), "\(outcome.errors)")
    }

    @Test func `Without devices the run fails with its checkpoint, and goes on from it`() throws {
        let options = Self.small + ["--clients", "3", "--run-name", "gone"]
        let whole = try run("split-train", ranks: nil, Self.small + ["--clients", "3"]).digest()
        let outcome = try run(
            "split-train", ranks: 3,
            options + ["--inject", "kill:rank=1@round=2,phase=train", "--inject", "kill:rank=2@round=2,phase=train"])
        #expect(outcome.status != 0 && outcome.status != 124)
        #expect(outcome.errors.contains("no client rank is left"), "\(outcome.errors)")
        let refused = try Program.run(
            ranks: nil, ["train", "--resume", "gone", "--results", folder.path, "--no-report"], seconds: 60)
        #expect(refused.status == 2 && refused.errors.contains("split-train"), "\(refused.errors)")
        let resumed = try Program.run(
            ranks: nil, ["split-train", "--resume", "gone", "--results", folder.path, "--json", "--no-report"],
            seconds: 60)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try resumed.digest() == whole)
    }

    @Test func `A run leaves what a run leaves, its configuration repeats it, and its report opens`() throws {
        let outcome = try run("split-train", ranks: 3, Self.small + ["--cut", "2", "--run-name", "left"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let run = folder.url.appendingPathComponent("left")
        for file in ["round_log.json", "config.json", "model.safetensors", "checkpoint", "timing"] {
            #expect(FileManager.default.fileExists(atPath: run.appendingPathComponent(file).path), "\(file)")
        }
        let again = try Program.run(
            ranks: nil,
            [
                "split-train", "--config", run.appendingPathComponent("config.json").path, "--results", folder.path,
                "--json", "--no-report",
            ], seconds: 60)
        #expect(try again.digest() == outcome.digest(), "\(again.errors)")
        let report = try Program.run(ranks: nil, ["report", run.path], seconds: 60)
        #expect(report.status == 0, "\(report.errors)")
    }

    @Test(arguments: [
        (["--strategy", "fedprox"], "--strategy"), (["--round-deadline", "5s"], "--round-deadline"),
        (["--cut", "99"], "layers 1 to 3"), (["--model", "logistic"], "--cut"),
    ])
    func `What makes no sense is refused in a line`(options: [String], words: String) throws {
        let outcome = try run("split-train", ranks: 3, Self.small + options)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(words), "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
