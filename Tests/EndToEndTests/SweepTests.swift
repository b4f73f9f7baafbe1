import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct SweepTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("examples")

    private static let base =
        "base: {dataset: synthetic, model: logistic, clients: 4, samples-per-client: 40, lr: 0.01, eval-every: 20"

    /// Six runs of a second or two. No column has times: they differ from run to run.
    private static let grid = """
        \(base), rounds: 400}
        grid: {strategy: [fedavg, fedprox], seed: [1, 2, 3]}
        columns: [final, best]
        """

    private func sweep(ranks: Int?, _ text: String, name: String, _ options: [String] = []) throws -> Program.Outcome {
        let file = try folder.write(text, to: "\(name).yaml")
        return try Program.run(ranks: ranks, ["sweep", file, "--results", folder.path] + options)
    }

    private func file(_ name: String, of sweep: String) throws -> String {
        try String(contentsOf: folder.url.appendingPathComponent("\(sweep)/\(name)"), encoding: .utf8)
    }

    private func expectSame(_ sweep: String, as other: String) throws {
        for name in ["table.csv", "accuracy.csv"] {
            #expect(try file(name, of: sweep) == file(name, of: other), "\(name)")
        }
    }

    @Test(arguments: [nil, 4])
    func `The quick example ends in a table and a figure`(ranks: Int?) throws {
        let outcome = try Program.run(
            ranks: ranks, ["sweep", Self.examples.appendingPathComponent("quick.yaml").path, "--results", folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let table = try #require(try? file("table.md", of: "quick"))
        #expect(
            table.contains("| strategy | alpha | final, % | best, % | rounds to 70 % | MB up to reach 70 % | wall s |"))
        let rows = try #require(table.components(separatedBy: "\n\n").dropFirst().first).split(separator: "\n")
        #expect(rows.count { $0.hasPrefix("| fedavg") || $0.hasPrefix("| scaffold") } == 4)
        #expect(table.contains("| runs | beside | points | seeds | p | p, Holm | at 5 % |"))
        #expect(outcome.outputLines.first?.hasPrefix("sweep quick: 12 runs") == true)
        #expect(outcome.outputLines.filter { $0.contains(" after 10 rounds") }.count == 12)
        // What the example is there to show: skew costs accuracy, and SCAFFOLD gets some of it back.
        let final = try file("table.csv", of: "quick").split(separator: "\n").dropFirst().map {
            Double($0.split(separator: ",", omittingEmptySubsequences: false)[4]) ?? .nan
        }
        #expect(final[0] + 3 < final[1] && final[0] + 1 < final[2], "\(final)")
        let folder = folder.url.appendingPathComponent("quick")
        let picture = try Data(contentsOf: folder.appendingPathComponent("accuracy.png"))
        #expect(picture.count > 10_000)
        let run = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("runs/strategy=fedavg,alpha=10,seed=2").path)
        #expect(
            run.sorted() == [
                "checkpoint", "checkpoint.previous", "config.json", "model.safetensors", "partition.csv",
                "round_log.json",
            ])
        let history = try Program.run(ranks: nil, ["runs", "--results", self.folder.path])
        #expect(history.output.contains("quick/runs/strategy=scaffold,alpha=0.1,seed=1"))
        // A line for each run, and the titles; what has no room is said below.
        #expect(history.outputLines.count { $0.contains("quick/runs/") } == 12)
    }

    @Test(arguments: ["quick", "strategies", "robust-attacked", "robust-undisturbed"])
    func `Every run of an example could start`(name: String) throws {
        let outcome = try Program.run(
            ranks: nil,
            [
                "sweep", Self.examples.appendingPathComponent("\(name).yaml").path, "--results", folder.path,
                "--dry-run",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.outputLines.count >= 9)
        #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent(name).path))
    }

    /// Starts a sweep over five ranks in two groups, signals once two runs have checkpoints, and waits for it.
    /// - Parameter target: a shell command that prints the process to signal, given the started one as `$job`.
    private func stop(_ name: String, by signal: String, target: String) throws -> Program.Outcome {
        let binary = try #require(Program.binary)
        let file = try folder.write(Self.grid, to: "\(name).yaml")
        let script = """
            "$@" &
            job=$!
            for _ in $(seq 300); do
                [ "$(ls "\(folder.path)/\(name)/runs/"*/checkpoint 2>/dev/null | wc -l)" -ge 2 ] && break
                sleep 0.1
            done
            sleep 0.5
            kill -\(signal) $(\(target))
            wait $job
            status=$?
            sleep 0.5
            pgrep -fc -- "^\(binary) sweep .*\(folder.path)" | sed 's/^/left /'
            exit $status
            """
        // The threads that start processes here block every signal, and so would the processes.
        return try Program.run(
            ["--default-signal", "timeout", "-k", "5", "60", "bash", "-c", script, "bash"]
                + ["mpirun", "-np", "5", binary, "sweep", file, "--results", folder.path, "--ranks-per-run", "2"])
    }

    @Test(arguments: [
        ("TERM", "echo $job"),
        // A group's leader, which is the server of its run.
        ("KILL", "pgrep -P $(pgrep -P $job -f 'rank 3,')"),
    ])
    func `A sweep that was stopped goes on, and ends in the table of one that was not`(
        signal: String, target: String
    ) throws {
        let undisturbed = try sweep(ranks: nil, Self.grid, name: "undisturbed")
        #expect(undisturbed.status == 0, "\(undisturbed.errors)")
        let name = "stopped-\(signal)"
        let stopped = try stop(name, by: signal, target: target)
        #expect(stopped.status != 0 && stopped.status != 124)
        #expect(stopped.outputLines.last == "left 0", "no rank is left behind")
        if signal == "TERM" {
            #expect(stopped.errorLines.count { $0.contains("stopped by SIGTERM") } == 1, "\(stopped.errors)")
            #expect(stopped.errors.contains("of 6 runs finished, those under way saved; the same command goes on"))
        }
        let begun = try FileManager.default.contentsOfDirectory(
            atPath: folder.url.appendingPathComponent("\(name)/runs").path)
        let finished = begun.filter {
            FileManager.default.fileExists(
                atPath: folder.url.appendingPathComponent("\(name)/runs/\($0)/model.safetensors").path)
        }
        #expect(begun.count >= 2 && finished.count < 6, "\(begun)")
        // Short runs may have ended between the last checkpoint that was seen and the signal.
        let saved = Set(begun).subtracting(finished).filter {
            FileManager.default.fileExists(
                atPath: folder.url.appendingPathComponent("\(name)/runs/\($0)/checkpoint").path)
        }

        let rest = try sweep(ranks: 4, Self.grid, name: name, ["--ranks-per-run", "2"])
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(rest.outputLines.first?.contains("; 2 groups of 2 ranks") == true, "\(rest.outputLines.first ?? "")")
        #expect(rest.outputLines.first?.contains("to go on with") == !saved.isEmpty, "\(saved)")
        try expectSame(name, as: "undisturbed")

        let again = try sweep(ranks: 2, Self.grid, name: name)
        #expect(again.status == 0 && again.outputLines.first?.contains("6 finished before") == true)
        try expectSame(name, as: "undisturbed")
    }

    @Test func `A lost client rank costs its group's other clients, and no run`() throws {
        let undisturbed = try sweep(ranks: nil, Self.grid, name: "undisturbed")
        #expect(undisturbed.status == 0, "\(undisturbed.errors)")
        let injected = Self.grid.replacing("rounds: 400", with: "rounds: 400, inject: ['kill:rank=1@round=100']")
        let outcome = try sweep(ranks: 6, injected, name: "lost", ["--ranks-per-run", "3"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errorLines.count { $0.contains("round 100: lost rank 1") } == 2, "\(outcome.errors)")
        try expectSame("lost", as: "undisturbed")

        // The only one of each group.
        let last = try sweep(ranks: 6, injected, name: "alone", ["--ranks-per-run", "2"])
        #expect(last.status == 0, "\(last.errors)")
        #expect(last.errorLines.count { $0.contains("no client rank is left; rank ") } == 3, "\(last.errors)")
        try expectSame("alone", as: "undisturbed")
    }

    @Test func `A run that fails is told of with its reason, and the others are done`() throws {
        let text = """
            \(Self.base), rounds: 5, round-retries: 0, min-clients: 3}
            grid: {drop-prob: [0, 0.9], seed: [1, 2]}
            columns: [final]
            """
        let outcome = try sweep(ranks: 4, text, name: "failing", ["--ranks-per-run", "2"])
        #expect(outcome.status == 1)
        let table = try file("table.md", of: "failing")
        #expect(table.contains("| 0 | 2/2 | ") && table.contains("| 0.9 | 0/2 | – |"))
        #expect(table.contains("`drop-prob=0.9,seed=1` failed: round 1 had "))
        #expect(outcome.errors.contains("fedmpi: drop-prob=0.9,seed=2 failed: round 1 had "))
    }

    @Test func `A run that cannot be is found before anything starts`() throws {
        let text = """
            \(Self.base), rounds: 5}
            cases: [{name: mean}, {name: krum, aggregation: krum, aggregation-options: {attackers: 1}}]
            """
        let outcome = try sweep(ranks: 4, text, name: "bad")
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.hasPrefix("fedmpi: krum: aggregation 'krum' with attackers=1 needs at least 5 updates"))
        #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("bad").path))
    }

    @Test func `A sweep whose settings have changed is not mixed with what it has done`() throws {
        let text = "\(Self.base), rounds: 2}\ngrid: {seed: [1]}"
        #expect(try sweep(ranks: nil, text, name: "changed").status == 0)
        let outcome = try sweep(ranks: nil, text.replacing("rounds: 2", with: "rounds: 3"), name: "changed")
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("seed=1: there is a run with other settings (rounds 2 instead of 3)"))
    }

    @Test func `Timing files and a report are to be had`() throws {
        let text = "\(Self.base), rounds: 3, timing: on, no-report: false}\ngrid: {seed: [1]}"
        #expect(try sweep(ranks: 3, text, name: "timed").status == 0)
        let files = try FileManager.default.contentsOfDirectory(
            atPath: folder.url.appendingPathComponent("timed/runs/seed=1").path)
        #expect(files.contains("timing") && files.contains("report.html"), "\(files)")
    }
}
