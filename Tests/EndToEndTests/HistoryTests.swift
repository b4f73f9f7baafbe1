import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct HistoryTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let job = ["--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "40"]

    private var history: URL { folder.url.appendingPathComponent("runs.sqlite") }

    private func train(
        ranks: Int?, _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        try Program.run(
            ranks: ranks, Self.job + arguments + ["--run-name", name, "--results", folder.path],
            environment: environment)
    }

    private func fedmpi(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run(ranks: nil, arguments + ["--results", folder.path], environment: environment)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `A run over three ranks is listed, shown and exported as its own files tell it`() throws {
        let outcome = try train(ranks: 3, "one", ["--rounds", "5", "--clients", "4", "--eval-every", "2", "--json"])
        #expect(outcome.status == 0, "\(outcome.errors)")

        let list = try fedmpi(["runs"])
        #expect(list.status == 0 && list.outputLines.count == 3, "\(list.output)\(list.errors)")
        let line = try #require(list.outputLines.dropFirst().first)
        #expect(line.contains("one") && line.contains("finished"))

        let shown = try object(try fedmpi(["runs", "show", "one", "--json"]).output)
        let run = try #require(shown["run"] as? [String: Any])
        #expect(try run["digest"] as? String == outcome.digest())
        #expect(run["ranks"] as? Int == 3 && run["rounds"] as? Int == 5)
        let rounds = try #require(shown["rounds"] as? [NSDictionary])
        let log = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder.url.appendingPathComponent("one/round_log.json")))
        #expect(rounds == log as? [NSDictionary])
        #expect((shown["clients"] as? [Any])?.count == 4)
        let files = try #require(shown["artefacts"] as? [[String: Any]]).compactMap { $0["file"] as? String }
        #expect(Set(files).isSuperset(of: ["config.json", "model.safetensors", "round_log.json"]))

        let text = try fedmpi(["runs", "show", "1"])
        #expect(text.status == 0 && text.output.contains("client-fraction") && text.output.contains("safetensors"))

        let file = folder.path + "/rounds.csv"
        let export = try fedmpi(["runs", "export", "--csv", "--rounds", file])
        #expect(export.status == 0 && export.output.isEmpty)
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        try #require(lines.count == 6 && rounds.count == 5)
        let column = try #require(lines[0].firstIndex(of: "total_upload_bytes"))
        #expect(Int(lines[5][column]) == rounds[4]["total_upload_bytes"] as? Int)
        let all = try fedmpi(["runs", "export", "--csv"])
        #expect(all.outputLines.count == 2 && all.outputLines[0].hasPrefix("id,name,status,"))
    }

    @Test func `Processes that start at once share one history`() throws {
        let binary = try #require(Program.binary)
        let script = """
            pids=()
            for run in 1 2 3 4 5 6; do "$@" --run-name run-$run & pids+=($!); done
            for pid in "${pids[@]}"; do wait $pid || exit 1; done
            """
        let arguments = Self.job + ["--rounds", "60", "--clients", "3", "--quiet", "--results", folder.path]
        let outcome = try Program.run(["timeout", "60", "bash", "-c", script, "bash", binary] + arguments)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        let runs = try fedmpi(["runs", "--json", "--status", "finished"]).outputLines.map { try object($0) }
        #expect(Set(runs.compactMap { $0["name"] as? String }) == Set((1...6).map { "run-\($0)" }))
        #expect(Set(runs.compactMap { $0["digest"] as? String }).count == 1)
        let rounds = try fedmpi(["runs", "export", "--csv", "--rounds"])
        #expect(rounds.outputLines.count == 1 + 6 * 60)
    }

    @Test func `A run that is killed is taken for interrupted at once, with the rounds it had`() throws {
        let binary = try #require(Program.binary)
        let script = """
            "$@" & job=$!
            for _ in $(seq 200); do grep -qs round "\(folder.path)/killed/round_log.json" && break; sleep 0.1; done
            sleep 2.5
            kill -KILL $job
            wait $job
            """
        let arguments =
            Self.job + [
                "--rounds", "100000000", "--clients", "3", "--eval-every", "1000000", "--quiet", "--run-name", "killed",
                "--results", folder.path,
            ]
        _ = try Program.run(["timeout", "60", "bash", "-c", script, "bash", binary] + arguments)
        let runs = try fedmpi(["runs", "--json", "--status", "interrupted"])
        let run = try object(try #require(runs.outputLines.first))
        #expect(run["name"] as? String == "killed")
        #expect(try #require(run["rounds"] as? Int) > 10)
        #expect(try fedmpi(["runs", "--json", "--status", "running"]).output.contains("killed") == false)
    }

    @Test func `Lost ranks and left-out updates are in the history`() throws {
        let outcome = try train(
            ranks: 3, "faulty",
            ["--rounds", "4", "--clients", "4", "--inject", "nan:rank=1@round=2", "--inject", "kill:rank=2@round=3"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let shown = try object(try fedmpi(["runs", "show", "faulty", "--json"]).output)
        let faults = try #require(shown["faults"] as? [[String: Any]])
        #expect(
            faults.contains { $0["kind"] as? String == "updates_rejected" && $0["round"] as? Int == 2 }, "\(faults)")
        #expect(faults.contains { $0["kind"] as? String == "rank_lost" && $0["rank"] as? Int == 2 }, "\(faults)")
    }

    @Test(arguments: [["runs"], ["runs", "show", "x"], ["runs", "export", "--csv"], ["compare", "x", "y"]])
    func `Without a readable history there is one line and exit code 2`(command: [String]) throws {
        func check(says: String) throws {
            let outcome = try fedmpi(command)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains(says) && outcome.errors.contains(history.path), "\(outcome.errors)")
        }
        try check(says: "is missing")
        try Data(repeating: 7, count: 10_000).write(to: history)
        try check(says: "not a database")
        try FileManager.default.removeItem(at: history)
        let foreign = try Program.run([
            "python3", "-c", "import sqlite3; sqlite3.connect('\(history.path)').execute('CREATE TABLE t (x)')",
        ])
        #expect(foreign.status == 0)
        try check(says: "another program's database")
    }

    @Test func `A run goes on without a history that cannot be written, to the same weights`() throws {
        let arguments = ["--rounds", "3", "--clients", "4", "--json"]
        let good = try train(ranks: 2, "good", arguments)
        try Data(repeating: 7, count: 10_000).write(to: history)
        let bad = try train(ranks: 2, "bad", arguments)
        #expect(bad.status == 0)
        #expect(
            (1...2).contains(bad.errorLines.count) && bad.errors.contains("incomplete: runs.sqlite"), "\(bad.errors)")
        #expect(try bad.digest() == good.digest())
        try FileManager.default.removeItem(at: history)
        let none = try train(ranks: 2, "none", arguments + ["--no-history"])
        #expect(none.status == 0 && none.errors.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: history.path))
    }

    @Test func `Compared runs differ in what was set, and are drawn over each other`() throws {
        for (name, lr) in [("slow", "0.01"), ("fast", "0.05")] {
            let outcome = try train(ranks: 2, name, ["--rounds", "3", "--clients", "4", "--lr", lr])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let outcome = try fedmpi(["compare", "slow", "fast"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.outputLines.map { $0.split(separator: " ").map(String.init) }
        #expect(
            lines.prefix(3) == [["settings", "slow", "fast"], ["lr", "0.01", "0.05"], ["outcome", "slow", "fast"]])
        #expect(lines.contains(["rounds", "3", "3"]))
        #expect(lines.last == ["picture", folder.path + "/compare-slow-fast/comparison.png"])
        let picture = try Data(contentsOf: folder.url.appendingPathComponent("compare-slow-fast/comparison.png"))
        #expect(picture.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))

        // The script and the data beside it are the picture.
        let again = try Program.run([
            "sh", "-c", "cd '\(folder.path)/compare-slow-fast' && rm comparison.png && gnuplot comparison.gp && ls",
        ])
        #expect(again.outputLines == ["comparison.csv", "comparison.gp", "comparison.png"], "\(again.errors)")
    }

    @Test func `Without gnuplot the tables are printed all the same`() throws {
        for name in ["a", "b"] { _ = try train(ranks: nil, name, ["--rounds", "1", "--clients", "2"]) }
        let binary = try #require(Program.binary)
        let outcome = try Program.run(["env", "PATH=/nowhere", binary, "compare", "a", "b", "--results", folder.path])
        #expect(outcome.status == 0)
        #expect(outcome.outputLines.first == "settings  no difference")
        #expect(outcome.outputLines.last?.contains("apt-get install gnuplot-nox") == true)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/compare-a-b/comparison.gp"))
    }

    @Test(arguments: [["compare", "a"], ["compare", "a", "a"], ["runs", "--limit", "0"]])
    func `What cannot be asked gets one line and exit code 2`(command: [String]) throws {
        _ = try train(ranks: nil, "a", ["--rounds", "1", "--clients", "2"])
        let outcome = try fedmpi(command)
        #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome.errors)")
    }

    @Test func `A run is labelled, renamed and deleted, with its folder`() throws {
        #expect(try train(ranks: nil, "one", ["--rounds", "1"]).status == 0)
        #expect(try fedmpi(["runs", "tag", "one", "paper", "baseline"]).output == "one: baseline paper\n")
        #expect(try fedmpi(["runs", "tag", "1", "-paper"]).output == "one: baseline\n")
        #expect(try fedmpi(["runs", "note", "one", "figure 3"]).output == "one: baseline \"figure 3\"\n")
        #expect(try fedmpi(["runs", "tag", "one", "a b"]).status == 2)

        #expect(try fedmpi(["runs", "rename", "one", "../two"]).status == 2)
        #expect(
            try fedmpi(["runs", "rename", "one", "two", "--json"]).output == #"{"run":["two"],"was":["one"]}"# + "\n")
        let (old, new) = (folder.path + "/one", folder.path + "/two")
        #expect(!FileManager.default.fileExists(atPath: old) && FileManager.default.fileExists(atPath: new))
        // It goes on under its new name.
        #expect(try fedmpi(["--resume", "two", "--rounds", "2"]).status == 0)
        let run = try #require(object(try fedmpi(["runs", "show", "two", "--json"]).output)["run"] as? [String: Any])
        #expect(run["rounds"] as? Int == 2 && run["resumes"] as? Int == 1)
        // And is repeated by what it has become.
        let config = try object(String(contentsOfFile: new + "/config.json", encoding: .utf8))
        #expect((config["settings"] as? [String: Any])?["rounds"] as? Int == 2)

        let asked = try fedmpi(["runs", "delete", "two"])
        #expect(asked.status == 2 && asked.errors.contains("--yes") && FileManager.default.fileExists(atPath: new))
        #expect(try fedmpi(["runs", "delete", "two", "--yes"]).output == "deleted two\n")
        #expect(!FileManager.default.fileExists(atPath: new))
        #expect(try fedmpi(["runs"]).output == "no runs\n")
    }
}

/// `--tensorboard`, read by TensorBoard itself.
@Suite(
    .serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
struct TensorBoardReaderTests {
    private func scalars(of run: String) throws -> [String: [[Double]]] {
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1], purge_orphaned_data=True)
            events.Reload()
            print(json.dumps({t: [[e.step, e.value] for e in events.Scalars(t)] for t in events.Tags()["scalars"]}))
            """
        let read = try Program.run([python, "-c", script, run])
        #expect(read.status == 0, "\(read.errors)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [String: [[Double]]])
    }

    @Test func `TensorBoard reads a run's curves, and a continued run's go on`() throws {
        let folder = try Folder()
        let job = [
            "--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "40", "--clients", "4",
            "--device-speed", "1000",
        ]
        let first = try Program.run(
            ranks: 3,
            job + ["--rounds", "4", "--eval-every", "2", "--tensorboard", "--run-name", "tb", "--results", folder.path])
        #expect(first.status == 0, "\(first.errors)")
        let second = try Program.run(
            ranks: 2, ["--resume", "tb", "--rounds", "6", "--tensorboard", "--results", folder.path])
        #expect(second.status == 0, "\(second.errors)")

        let curves = try scalars(of: folder.path + "/tb")
        let log = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.url.appendingPathComponent("tb/round_log.json")))
                as? [[String: Any]])
        let names = [
            "train_loss": "loss/train", "server_loss": "loss/server", "server_accuracy": "accuracy/server",
            "upload_bytes": "bytes/upload", "total_download_bytes": "bytes/download_total",
            "participants": "clients/participants", "seconds": "time/round_seconds",
            "simulated_seconds": "time/simulated_seconds",
        ]
        for (key, tag) in names {
            let expected = log.compactMap { round in (round[key] as? Double).map { (round["round"] as? Int, $0) } }
            let curve = try #require(curves[tag], "\(tag)")
            try #require(!expected.isEmpty && curve.count == expected.count, "\(tag)")
            for (point, (round, value)) in zip(curve, expected) {
                #expect(Int(point[0]) == round)
                // TensorBoard's numbers are of 32 bits.
                #expect(abs(point[1] - value) <= 1e-6 * abs(value), "\(tag) of round \(point[0])")
            }
        }
    }
}
