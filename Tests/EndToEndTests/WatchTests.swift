import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct WatchTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Starts a run of some seconds, and follows it from its beginning.
    /// - Parameter interlude: shell commands beside the watching; `$job` is the run.
    private func watch(ranks: Int, _ arguments: [String], interlude: String = ":") throws -> Program.Outcome {
        let binary = try #require(Program.binary)
        let script = """
            "$@" & job=$!
            for _ in $(seq 200); do [ -e "\(folder.path)/run/config.json" ] && break; sleep 0.05; done
            (\(interlude)) &
            "\(binary)" watch run --results "\(folder.path)" --interval 200ms
            status=$?
            wait $job
            exit $status
            """
        let job = [
            "--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "40", "--clients", "3",
            "--straggler-prob", "1", "--straggler-delay", "50ms", "--real-delays", "--quiet", "--run-name", "run",
            "--results", folder.path,
        ]
        return try Program.run(
            ["--default-signal", "timeout", "-k", "5", "60", "bash", "-c", script, "bash", "mpirun", "-np", "\(ranks)"]
                + [binary] + job + arguments)
    }

    /// The numbers of the rounds that were told.
    private func rounds(_ outcome: Program.Outcome, of total: Int) -> [Int] {
        outcome.outputLines.compactMap { line in
            let words = line.split(separator: " ")
            // A round's number, and behind it its cohort.
            return words.count > 6 && words[1].contains("/") ? Int(words[0]).flatMap { $0 <= total ? $0 : nil } : nil
        }
    }

    @Test(arguments: [[], ["--no-history"]])
    func `Every round is told, and the watching ends with the run`(options: [String]) throws {
        let outcome = try watch(ranks: 3, ["--rounds", "25"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let told = rounds(outcome, of: 25)
        let first = try #require(told.first)
        #expect(told == Array(first...25), "each once, in order")
        #expect(!outcome.output.contains("\u{1B}"), "plain lines where there is no terminal")
        let end = try #require(outcome.outputLines.last)
        #expect(end.hasPrefix("finished after 25 of 25 rounds, "))
    }

    @Test func `Who watches a run that is killed is told, and gets another exit code`() throws {
        let outcome = try watch(
            ranks: 1, ["--rounds", "100000", "--checkpoint-every", "0"],
            interlude: "sleep 2; pkill -KILL -P $job || kill -KILL $job")
        #expect(outcome.status == 1, "\(outcome.errors)")
        let end = try #require(outcome.outputLines.last)
        #expect(end.hasPrefix("interrupted after "), "\(end)")
    }

    @Test func `Who says how long waits for the folder of a job that has just been started`() throws {
        let begin = ContinuousClock.now
        let outcome = try Program.run(ranks: nil, ["watch", "nobody", "--wait", "1s", "--results", folder.path])
        #expect(outcome.status == 2 && ContinuousClock.now - begin >= .seconds(1))
        #expect(outcome.errorLines.count == 2 && outcome.errors.contains("waiting up to 1 s for a run 'nobody'"))
    }

    @Test func `A run that is not there gets one line and exit code 2`() throws {
        let outcome = try Program.run(ranks: nil, ["watch", "nobody", "--results", folder.path])
        #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("no run 'nobody'"))
    }
}
