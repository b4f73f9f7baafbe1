import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct StopAndResumeTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static let job = [
        "--model", "logistic", "--dataset", "synthetic", "--clients", "6", "--samples-per-client", "40",
        "--client-fraction", "0.5", "--eval-every", "1000000", "--json",
    ]

    private func train(ranks: Int?, _ arguments: [String]) throws -> Program.Outcome {
        try Program.run(ranks: ranks, arguments + ["--results", folder.path, "--no-report"], seconds: 60)
    }

    /// Starts a run that would go on for hours, sends a signal once it has finished some rounds, and waits for it.
    /// - Parameters:
    ///   - launcher: what stands before the binary.
    ///   - target: a shell command that prints the process to signal, given the started one as `$job`.
    /// - Returns: the outcome, and the seconds from the signal to the end.
    private func stop(
        _ launcher: [String], by signal: String, run: String, target: String = "echo $job"
    ) throws -> (outcome: Program.Outcome, seconds: Double) {
        let binary = try #require(Program.binary)
        let log = folder.path + "/\(run)/round_log.json"
        let script = """
            BINARY=\(binary)
            "$@" &
            job=$!
            for _ in $(seq 200); do grep -qs round "\(log)" && break; sleep 0.1; done
            sleep 1.5
            kill -\(signal) $(\(target))
            start=$(date +%s%N)
            wait $job
            status=$?
            echo "took $(( ($(date +%s%N) - start) / 1000000 ))"
            ps -eo args | grep -c -- "^$BINARY .*--run-name \(run) " | sed 's/^/left /'
            exit $status
            """
        let arguments = Self.job + ["--rounds", "100000000", "--run-name", run, "--results", folder.path]
        // The threads that start processes here block every signal, and so would the processes.
        let outcome = try Program.run(
            ["--default-signal", "timeout", "-k", "5", "60", "bash", "-c", script, "bash"] + launcher + [binary]
                + arguments)
        let took = try #require(outcome.outputLines.first { $0.hasPrefix("took ") }?.dropFirst(5))
        #expect(outcome.outputLines.last == "left 0", "no rank is left behind")
        return (outcome, try #require(Double(took)) / 1000)
    }

    /// The digest of the run of so many rounds that nobody disturbs.
    private func undisturbed(_ rounds: Int) throws -> String {
        let outcome = try train(ranks: 3, Self.job + ["--rounds", "\(rounds)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.digest()
    }

    /// The last finished round, in the line that says the run was stopped.
    private func finished(_ outcome: Program.Outcome) throws -> Int {
        let line = try #require(outcome.errorLines.first { $0.contains("stopped by") }, "\(outcome.errors)")
        #expect(line.contains("saved; continue with --resume"))
        #expect(outcome.errorLines.filter { $0.contains("stopped by") }.count == 1, "\(outcome.errors)")
        let words = line.split(separator: " ")
        let position = try #require(words.firstIndex(of: "round"))
        return try #require(Int(words[position + 1]))
    }

    /// The rounds of the run's log.
    private func logged(_ run: String) throws -> [Int] {
        let file = folder.url.appendingPathComponent("\(run)/round_log.json")
        let log = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        return try #require(log as? [[String: Any]]).compactMap { $0["round"] as? Int }
    }

    /// Continues over each number of ranks, a little further each time, and compares with the undisturbed run.
    private func checkResume(_ run: String, after finished: Int, ranks: [Int?]) throws {
        var rounds = finished
        for ranks in ranks {
            rounds += 3
            let rest = try train(ranks: ranks, ["--resume", run, "--rounds", "\(rounds)", "--json"])
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(try rest.events().first?["finished_rounds"] as? Int == rounds - 3)
            #expect(try rest.digest() == undisturbed(rounds))
        }
        let url = folder.url.appendingPathComponent(run)
        #expect(try logged(run) == Array(1...rounds))
        let notes = try JSONSerialization.jsonObject(with: Data(contentsOf: url.appendingPathComponent("resumes.json")))
        #expect((notes as? [Any])?.count == ranks.count)
    }

    @Test(arguments: ["TERM", "INT"])
    func `mpirun that gets a signal leaves a checkpoint within seconds, and the run continues`(signal: String) throws {
        let run = "mpirun-\(signal)"
        let (outcome, seconds) = try stop(["mpirun", "-np", "3"], by: signal, run: run)
        #expect(outcome.status != 0 && outcome.status != 124)
        #expect(seconds < 10)
        try checkResume(run, after: finished(outcome), ranks: [4, 2, nil])
    }

    @Test func `Ctrl-C on scripts/mpirun is called by its name, and the round is the one that the log ends with`()
        throws
    {
        let run = "interrupted"
        // As a terminal does it: to the whole group. Started in the background, bash could not trap it.
        let (outcome, seconds) = try stop(
            ["env", "--default-signal=INT", "setsid", Program.wrapper, "-np", "3"], by: "INT", run: run,
            target: "echo -- -$job")
        #expect(outcome.status == 130)
        #expect(
            outcome.errorLines.count == 1 && outcome.errors.contains("fedmpi: stopped by SIGINT"), "\(outcome.errors)")
        #expect(seconds < 10)
        #expect(try logged(run).last == finished(outcome))
    }

    @Test(arguments: zip(["TERM", "INT"], [143, 130] as [Int32]))
    func `A lone process ends with 128 plus the signal`(signal: String, code: Int32) throws {
        let run = "alone-\(signal)"
        let (outcome, seconds) = try stop([], by: signal, run: run)
        #expect(outcome.status == code)
        #expect(seconds < 3)
        try checkResume(run, after: finished(outcome), ranks: [3])
    }

    @Test func `A signal to one client rank ends the job with a checkpoint`() throws {
        let run = "one-client"
        let (outcome, seconds) = try stop(
            ["mpirun", "-np", "3"], by: "TERM", run: run, target: "pgrep -P $job | sort -n | tail -1")
        #expect(outcome.status == 143)
        #expect(seconds < 10)
        try checkResume(run, after: finished(outcome), ranks: [2])
    }

    @Test func `A damaged checkpoint is refused, and the previous one continues on request`() throws {
        let rounds = try train(ranks: 2, Self.job + ["--rounds", "3", "--run-name", "damaged"])
        #expect(rounds.status == 0)
        let file = folder.url.appendingPathComponent("damaged/checkpoint")
        var data = try Data(contentsOf: file)
        data[data.count / 2] ^= 1
        try data.write(to: file)
        let refused = try train(ranks: 3, ["--resume", "damaged", "--rounds", "5"])
        #expect(refused.status == 2)
        #expect(refused.errorLines.count == 1)
        #expect(refused.errors.contains("SHA-256") && refused.errors.contains("--from previous"))
        let resumed = try train(ranks: 3, ["--resume", "damaged", "--from", "previous", "--rounds", "5", "--json"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try resumed.digest() == undisturbed(5))
    }

    @Test(arguments: [
        (["--resume", "nothing"], "nothing"),
        (["--resume", "x", "--seed", "1"], "--seed cannot be given with --resume"),
        (["--resume", "x", "--threads", "2", "--alpha", "1"], "--threads, --alpha"),
        (["--from", "previous"], "--from needs --resume"),
    ])
    func `What cannot be continued gets one line and exit code 2`(arguments: [String], says: String) throws {
        let outcome = try train(ranks: 3, arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(says), "\(outcome.errors)")
    }
}
