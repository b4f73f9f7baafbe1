import Foundation
import Testing

/// Ranks on the three hosts of `scripts/cluster-lab`.
@Suite(
    .serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: Lab.works, "this machine makes no hosts: `scripts/cluster-lab true` says why"))
struct ClusterTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test(arguments: [
        ["--dataset", "synthetic", "--model", "edgecnn-large", "--clients", "5", "--samples-per-client", "75"],
        ["--dataset", "synthetic", "--model", "logistic", "--clients", "40", "--client-fraction", "0.3"],
        ["--dataset", "fashion-mnist", "--model", "logistic", "--clients", "5"],
    ])
    func `Six ranks on three hosts get the digest of the local run, over TCP`(options: [String]) throws {
        let arguments =
            ["--rounds", "2", "--eval-every", "2", "--json", "--no-report", "--results", folder.path] + options
        let local = try Program.run(ranks: nil, arguments)
        #expect(local.status == 0, "\(local.errors)")

        let binary = try #require(Program.binary)
        let script = """
            mpirun -np 6 "$@"
            for host in host1 host2 host3; do
                echo "{\\"sent\\": $(ssh $host cat /sys/class/net/eth0/statistics/tx_bytes)}"
            done
            """
        let spread = try Lab.run(["bash", "-ec", script, "lab", binary] + arguments + ["--run-name", "spread"])
        #expect(spread.status == 0, "\(spread.errors)")
        let events = try spread.events()
        let digest = events.compactMap { $0["digest"] as? String }.last
        #expect(try digest == local.digest())

        // Each of two rounds' updates crosses from a host's ranks to rank 0's.
        let upload = try #require(events.compactMap { $0["upload_bytes"] as? Int }.first)
        let sent = events.compactMap { $0["sent"] as? Int }
        try #require(sent.count == 3)
        #expect(sent[1] + sent[2] > upload, "ranks 1, 2, 4 and 5 have more than half of the updates: \(sent)")

        let file = folder.url.appendingPathComponent("spread/config.json")
        let configuration = try String(contentsOf: file, encoding: .utf8)
        for host in ["host1", "host2", "host3"] { #expect(configuration.contains("\"\(host)\"")) }
    }

    private static let job = [
        "--dataset", "synthetic", "--model", "edgecnn-small", "--clients", "8", "--samples-per-client", "400",
        "--epochs", "10", "--eval-every", "1000000", "--failure-timeout", "2", "--json", "--no-report",
    ]

    @Test func `A rank that is killed on another host does not end the job`() throws {
        let arguments = Self.job + ["--rounds", "3", "--results", folder.path]
        let binary = try #require(Program.binary)
        let outcome = try Lab.run(["mpirun", "-np", "6", binary] + arguments + ["--inject", "kill:rank=2@round=2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("lost rank 2"))
        #expect(try outcome.digest() == Program.run(ranks: nil, arguments).digest())
    }

    @Test func `A host whose link is cut ends the run with a checkpoint, which continues without that host`() throws {
        let binary = try #require(Program.binary)
        let results = ["--results", folder.path]
        // The job would go on for hours. Then the two hosts that are left train three rounds more.
        let script = """
            job() { mpirun -np "$1" -H "$2" "${@:3}"; }
            until grep -qs round "$1/cut/round_log.json"; do sleep 0.1; done && sleep 1 && date +%s >"$1/start" &&
                echo cut host3 >"$0" &
            job 6 host1:2,host2:2,host3:2 "${@:2}" --rounds 1000000 --run-name cut 2>"$1/err" >"$1/out"
            echo "{\\"code\\": $?, \\"seconds\\": $(($(date +%s) - $(<"$1/start")))}"
            cat "$1/err" >&2
            finished=$(sed -n 's/.*SIGTERM after round \\([0-9]*\\) of.*/\\1/p' "$1/err")
            job 4 host1:2,host2:2 "$2" --resume cut --results "$1" --rounds $((finished + 3)) --json
            """
        let outcome = try Lab.run(
            options: ["--control", folder.path + "/pipe"],
            ["bash", "-c", script, folder.path + "/pipe", folder.path, binary] + Self.job + results)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let events = try outcome.events()
        #expect(events.first?["code"] as? Int == 205)
        let seconds = try #require(events.first?["seconds"] as? Int)
        #expect((4...15).contains(seconds), "6 s to be noticed, 3 s to save and to end, and the tests' own load")
        #expect(outcome.errors.contains("saved; continue with --resume"))
        #expect(outcome.errors.contains("mpirun: a host cannot be reached"))

        let rounds = try #require(events.last { $0["event"] as? String == "round" }?["round"] as? Int)
        let undisturbed = try Program.run(ranks: nil, Self.job + results + ["--rounds", "\(rounds)"])
        #expect(try outcome.digest() == undisturbed.digest())
    }

    @Test func `A link is cut and restored by the pipe, and by the clock`() throws {
        let pipe = folder.path + "/pipe"
        let script = """
            reach() { ssh -o ConnectTimeout=1 host2 hostname 2>/dev/null || echo nobody; }
            reach; echo cut host2 >"$0"; sleep 0.3
            reach; echo restore host2 >"$0"; sleep 0.3
            reach
            """
        let piped = try Lab.run(options: ["--control", pipe], ["bash", "-c", script, pipe])
        #expect(piped.outputLines == ["host2", "nobody", "host2"], "\(piped.errors)")
        #expect(!FileManager.default.fileExists(atPath: pipe))

        let clock = try Lab.run(
            options: ["--cut", "host2@0s", "--restore", "host2@2.5s"],
            ["bash", "-c", "sleep 0.5; ssh -o ConnectTimeout=1 host2 true || ssh -o ConnectTimeout=10 host2 hostname"])
        #expect(clock.outputLines == ["host2"], "\(clock.errors)")
    }

    @Test func `The command's exit code is the lab's, and nothing is left when it ends or is killed`() throws {
        func links() throws -> String { try Program.run(["ip", "-o", "link"]).output }
        let before = try links()
        #expect(try Lab.run(["bash", "-c", "exit 7"]).status == 7)
        #expect(try links() == before)

        for signal in ["TERM", "KILL"] {
            // Process names that no other test has.
            let seconds = "\(UInt32.random(in: 100_000_000...999_999_999))"
            let script = """
                "$0" sleep \(seconds) & lab=$!
                until pgrep -fx 'sleep \(seconds)' >"$1"; do sleep 0.05; done
                kill -\(signal) $lab; wait $lab
                sleep 0.2
                ! pgrep -fx 'sleep \(seconds)'
                """
            let outcome = try Lab.withSignals {
                try Program.run(["timeout", "-k", "5", "30", "bash", "-c", script, Lab.script, folder.path + "/pid"])
            }
            #expect(outcome.status == 0, "a process outlives SIG\(signal): \(outcome.output)")
            #expect(try links() == before)
        }
    }

    @Test(arguments: [
        (["--hosts", "1", "true"], "'1'"), (["--rate", "fast", "true"], "'fast'"),
        (["--cut", "host9@1s", "true"], "host9"), (["--cut", "host2", "true"], "host2@5s"),
        (["--frobnicate", "true"], "--frobnicate"), ([], "no command"),
    ])
    func `A wrong option gets one line and exit code 1`(arguments: [String], says: String) throws {
        let outcome = try Program.run([Lab.script] + arguments)
        #expect(outcome.status == 1)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(says), "\(outcome.errors)")
    }
}

/// `scripts/cluster-lab`.
enum Lab {
    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../scripts/cluster-lab").standardizedFileURL.path

    static let works = (try? Program.run([script, "true"]))?.status == 0

    static func run(options: [String] = [], _ command: [String], seconds: Int = 120) throws -> Program.Outcome {
        try withSignals { try Program.run(["timeout", "-k", "5", "\(seconds)", script] + options + command) }
    }

    /// Children inherit the mask of the thread that starts them, and the threads of tests block most signals.
    static func withSignals<Result>(_ body: () throws -> Result) rethrows -> Result {
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        return try body()
    }
}
