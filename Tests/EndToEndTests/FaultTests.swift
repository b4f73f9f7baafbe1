import Foundation
import Testing

/// Ranks that are killed or stopped while the job runs.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct FaultTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func train(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        let settings = [
            "--rounds", "4", "--dataset", "synthetic", "--samples-per-client", "200", "--model", "edgecnn-small",
            "--clients", "8", "--failure-timeout", "3", "--results", folder.path, "--no-report",
        ]
        return try Program.run(ranks: 5, settings + arguments, seconds: 60, environment: environment)
    }

    private func undisturbed() throws -> String {
        try train(["--json"]).digest()
    }

    @Test(arguments: [
        ["kill:rank=3@round=2,phase=broadcast"],
        ["kill:rank=3@round=2,phase=train"],
        ["kill:rank=3@round=2,phase=gather"],
        ["kill:rank=1@round=1,phase=gather", "kill:rank=4@round=1,phase=train"],
        ["kill:rank=1@round=2,phase=train", "kill:rank=2@round=3,phase=gather", "kill:rank=4@round=4,phase=broadcast"],
        ["kill:rank=1@round=2", "kill:rank=2@round=2", "kill:rank=3@round=2"],
    ])
    func `A run whose clients are killed ends with the weights of an undisturbed run`(faults: [String]) throws {
        let outcome = try train(["--json"] + faults.flatMap { ["--inject", $0] })
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
        #expect(outcome.errorLines.filter { $0.contains("lost rank") }.count == faults.count, "\(outcome.errors)")
    }

    @Test(arguments: [
        ["--strategy", "scaffold"], ["--compress", "topk 1% | int8 | rans"],
        ["--compress", "sign", "--client-fraction", "0.7"],
        ["--compress", "deadzone 5% | cabac", "--error-feedback-momentum", "0.5"],
        ["--compress-down", "topk 5% | int8 | rans", "--client-fraction", "0.7"],
        ["--compress", "randk 5% | qsgd 4", "--wire", "reduce"],
        ["--strategy", "heterofl"], ["--strategy", "fedrolex", "--wire", "reduce"], ["--strategy", "fjord"],
        [
            "--fleet", "f; sensor battery-mah=0 offline-hours=5 away-share=0 gflops=0.000004", "--round-every", "5h",
            "--offline-updates", "2", "--min-clients", "0",
        ],
    ]) func `What clients keep between rounds survives the ranks that train them`(options: [String]) throws {
        let whole = try train(["--json"] + options).digest()
        let outcome = try train(
            ["--json"] + options + [
                "--inject", "kill:rank=1@round=2,phase=gather", "--inject", "kill:rank=3@round=3,phase=train",
                "--inject", "kill:rank=4@round=4,phase=broadcast",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == whole)
    }

    /// The sum is to the bit that of a run without masks, whoever is killed or stopped.
    @Test(arguments: [("gatherv", "curious"), ("reduce", "curious"), ("gatherv", "semi-malicious")])
    func `Masked sums survive the ranks that make the masks`(wire: String, server: String) throws {
        let outcome = try train([
            "--json", "--secure-aggregation", "--wire", wire, "--assumed-server", server, "--inject",
            "kill:rank=1@round=2,phase=gather",
            "--inject",
            "kill:rank=3@round=3,phase=train", "--inject", "stop:rank=4@round=4,phase=broadcast",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
    }

    /// With such a rate the loss stalls at once: the second codec begins in round 5.
    @Test func `Lost ranks do not change which codec of several is in use`() throws {
        func digest(_ faults: [String]) throws -> String {
            let options = [
                "--rounds", "7", "--dataset", "synthetic", "--samples-per-client", "100", "--model", "logistic",
                "--clients", "8", "--failure-timeout", "3", "--results", folder.path, "--no-report", "--json",
                "--eval-every", "1", "--lr", "1e-5", "--compress", "f16; qsgd 4",
            ]
            let outcome = try Program.run(ranks: 5, options + faults.flatMap { ["--inject", $0] })
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("--compress is 'qsgd 4' from round 5 on"), "\(outcome.errors)")
            return try outcome.digest()
        }
        #expect(
            try digest(["kill:rank=1@round=2,phase=gather", "kill:rank=3@round=6,phase=train"]) == digest([]))
    }

    @Test(arguments: [["--strategy", "fedavg"], ["--wire", "reduce"], ["--strategy", "fedbuff"]])
    func `A damaged answer to an order is left out, and the run goes on`(options: [String]) throws {
        let outcome = try train(
            ["--json", "--inject", "kill:rank=1@round=1,phase=train", "--inject", "corrupt:rank=2@round=3"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let faults = try outcome.events().filter { $0["kind"] as? String == "updates_rejected" }
        #expect(!faults.isEmpty, "\(outcome.errors)")
    }

    @Test func `Clients' own models and what they test survive the ranks that train them`() throws {
        let options = ["--json", "--strategy", "ditto", "--client-test", "0.2"]
        func evaluations(_ outcome: Program.Outcome) throws -> [String] {
            try outcome.events().compactMap { event in
                guard let found = event["client_evaluation"] else { return nil }
                let data = try JSONSerialization.data(withJSONObject: found, options: .sortedKeys)
                return String(decoding: data, as: UTF8.self)
            }
        }
        let whole = try train(options)
        let outcome = try train(
            options + [
                "--inject", "kill:rank=1@round=2,phase=broadcast", "--inject", "kill:rank=3@round=3,phase=gather",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == whole.digest())
        #expect(try evaluations(whole).count == 4)
        #expect(try evaluations(outcome) == evaluations(whole))
    }

    /// Of five ranks in twos, 2 and 4 lead the others' groups.
    @Test(arguments: [
        ["--topology", "node"], ["--topology", "tree:2"],
        ["--topology", "tree:2", "--inject", "kill:rank=2@round=2,phase=broadcast"],
        ["--topology", "tree:2", "--inject", "kill:rank=2@round=2,phase=gather"],
        ["--topology", "tree:2", "--inject", "kill:rank=3@round=2,phase=train", "--inject", "kill:rank=4@round=3"],
        ["--topology", "node", "--inject", "kill:rank=1@round=1,phase=gather"],
    ])
    func `On any topology the weights are the same, whoever is killed`(options: [String]) throws {
        let outcome = try train(["--json", "--wire", "reduce"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
        let killed = options.count { $0.hasPrefix("kill") }
        #expect(outcome.errorLines.filter { $0.contains("lost rank") }.count == killed, "\(outcome.errors)")
    }

    private static let lostUnderEdges = [
        ["kill:rank=2@round=2,phase=train"], ["kill:rank=1@round=2,phase=gather"], ["kill:rank=4@round=2,phase=train"],
        ["kill:rank=2@round=2,phase=train", "kill:rank=4@round=2,phase=train"],
        ["kill:rank=1@round=2,phase=gather", "kill:rank=2@round=2,phase=gather"],
        ["kill:rank=1@round=4,phase=gather", "kill:rank=4@round=4,phase=gather"],
    ]

    /// Of five ranks 1 and 2 are edges, 3 works under 1, and 4 under 2.
    @Test(arguments: [["--cloud-every", "2"], ["--cloud-every", "2", "--aggregation", "median"]], lostUnderEdges)
    func `With edges the weights are the same, whoever is killed`(options: [String], faults: [String]) throws {
        let settings = ["--json", "--edges", "2"] + options
        let outcome = try train(settings + faults.flatMap { ["--inject", $0] })
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == train(settings).digest())
    }

    @Test func `On the wire of sums the weights are the same, whoever is killed`() throws {
        let outcome = try train([
            "--json", "--wire", "reduce", "--inject", "kill:rank=1@round=2,phase=gather", "--inject",
            "kill:rank=4@round=3",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
        #expect(try train(["--json", "--wire", "reduce"]).digest() == undisturbed())
    }

    @Test func `Ranks that answer but have not delivered at the hard limit are out of the round`() throws {
        // 31 KB at 0.1 Mbit/s take 2.5 s down and as long up; the hard limit is 1 s + 2 s.
        let outcome = try Program.run(
            ranks: 4,
            [
                "--json", "--rounds", "1", "--dataset", "synthetic", "--samples-per-client", "40", "--model",
                "logistic", "--clients", "8", "--min-clients", "0", "--round-deadline", "1s", "--failure-timeout", "2",
                "--bandwidth-mbps", "0.1", "--real-delays", "--results", folder.path, "--run-name", "late",
            ], seconds: 60)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let events = try outcome.events()
        #expect(events.first { $0["event"] as? String == "round" }?["participants"] as? Int == 0)
        let faults = events.filter { $0["event"] as? String == "fault" }
        #expect(faults.map { $0["kind"] as? String } == ["clients_late", "clients_late", "clients_late"])
        #expect(Set(faults.compactMap { $0["rank"] as? Int }) == [1, 2, 3])
        #expect(faults.flatMap { $0["clients"] as? [Int] ?? [] }.sorted() == Array(0..<8))
        let data = try Data(contentsOf: folder.url.appendingPathComponent("late/faults.json"))
        #expect((try JSONSerialization.jsonObject(with: data) as? [Any])?.count == 3)
    }

    @Test(arguments: [
        // Neither the launcher's switches nor its library: only what Open MPI does by itself.
        ["OMPI_MCA_orte_allowed_exit_without_sync": "0"],
        ["OMPI_MCA_orte_enable_recovery": "1"],
    ])
    func `A killed rank is survived without the wrapper's switches, and with Open MPI's recovery`(
        environment: [String: String]
    ) throws {
        let outcome = try train(["--json", "--inject", "kill:rank=3@round=2"], environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
    }

    @Test func `Where a killed rank ends the job, the run's header says so`() throws {
        let outcome = try train(["--inject", "kill:rank=3@round=2"], environment: ["FEDMPI_GUARDIAN": "0"])
        #expect(outcome.status == 137)
        #expect(outcome.outputLines.contains("losses    a killed rank ends the job: FEDMPI_GUARDIAN is 0"))
        #expect(try !train([]).output.contains("losses"))
    }

    @Test func `Dropped clients are left out of the round in which their rank was lost`() throws {
        let outcome = try train(["--json", "--inject", "kill:rank=2@round=2,phase=train", "--on-failure", "drop"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rounds = try outcome.events().filter { $0["event"] as? String == "round" }
        #expect(rounds.map { $0["participants"] as? Int } == [8, 6, 8, 8])
    }

    @Test func `A stopped rank is lost at the time-out and is taken in again after it goes on`() throws {
        // The rank stops itself; a shell waits for it to be lost, and sends it SIGCONT.
        let script = """
            mpirun -np 3 "$0" --rounds 400 --dataset synthetic --samples-per-client 600 --model edgecnn-small \
                --failure-timeout 1 --json --results "$1" --inject stop:rank=2@round=2 2>"$1/err" &
            job=$!
            for _ in $(seq 300); do grep -q 'lost rank 2' "$1/err" && break; sleep 0.1; done
            for process in $(pgrep -f 'stop:rank=2@round=2'); do
                [ "$(awk '{print $3}' /proc/$process/stat)" = T ] && kill -CONT $process
            done
            wait $job; status=$?; cat "$1/err" >&2; exit $status
            """
        let binary = try #require(Program.binary)
        let outcome = try Program.run(["timeout", "90", "bash", "-c", script, binary, folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("lost rank 2"))
        #expect(outcome.errors.contains("rank 2 is back"))
    }

    @Test(arguments: ["nan", "corrupt"])
    func `A spoilt update is counted, logged and left out, and the round goes on`(kind: String) throws {
        let outcome = try train(["--json", "--inject", "\(kind):rank=2@round=3"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rounds = try outcome.events().filter { $0["event"] as? String == "round" }
        #expect(rounds.map { $0["rejected"] as? Int } == [0, 0, 1, 0])
        #expect(rounds.map { $0["participants"] as? Int } == [8, 8, 7, 8])
        #expect(outcome.errors.contains("round 3: left out the update of client"))
    }

    /// Runs four ranks that would train for hours, and disturbs them when they have finished some rounds.
    /// - Parameter disturbance: shell commands; `rank N` prints the process of a rank, `$job` is mpirun's,
    ///   `$log` what the run says on standard error, `$run` its folder.
    /// - Returns: the job's outcome; its last line of output says how many of its processes are left.
    private func disturb(atOnce: Bool = false, _ disturbance: String) throws -> Program.Outcome {
        let binary = try #require(Program.binary)
        let script = """
            run=\(folder.path)/run log=\(folder.path)/log
            "$@" 2>$log & job=$!
            rank() {
                if [ $1 = 0 ]; then pgrep -P $job -x fedmpi; else pgrep -P "$(pgrep -P $job -f "rank $1,")"; fi
            }
            until [ "$(rank 3 2>/dev/null)" ]; do sleep 0.01; done
            processes="$(rank 0) $(rank 1) $(rank 2) $(rank 3) $(pgrep -P $job -f 'guardian of rank')"
            \(atOnce ? "" : "until grep -qs round $run/round_log.json; do sleep 0.1; done; sleep 0.5")
            \(disturbance)
            wait $job; status=$?
            cat $log >&2
            left() { for process in $processes; do kill -0 $process 2>/dev/null && echo $process; done; }
            for _ in $(seq 50); do [ "$(left)" ] || break; sleep 0.1; done
            echo "left $(left | wc -l)"
            exit $status
            """
        return try Program.run(
            [
                "--default-signal", "timeout", "-k", "5", "60", "bash", "-c", script, "bash", "mpirun", "-np", "4",
                binary, "--rounds", "100000000", "--model", "logistic", "--dataset", "synthetic", "--clients", "6",
                "--samples-per-client", "40", "--failure-timeout", "1", "--quiet", "--results", folder.path,
                "--run-name", "run",
            ])
    }

    @Test(arguments: [
        ("rank 0 is killed", "kill -KILL $(rank 0)", 137),
        ("a client rank ends by another signal", "kill -USR2 $(rank 2)", 140),
        ("a rank is asked by the signal of scripts/mpirun", "kill -USR1 $(rank 2)", 143),
        ("mpirun is killed while a rank is stopped", "kill -STOP $(rank 2); kill -KILL $job", 137),
        (
            "the job is told to stop, after a rank was killed",
            "kill -KILL $(rank 2); until grep -q 'lost rank 2' $log; do sleep 0.1; done; kill -TERM $(rank 1)", 143
        ),
    ])
    func `The job ends with a code that says why, and nobody is left`(
        when: String, disturbance: String, code: Int32
    ) throws {
        let outcome = try disturb(disturbance)
        #expect(outcome.status == code, "\(when): \(outcome.errors)")
        #expect(outcome.outputLines.last == "left 0", "\(when)")
    }

    @Test func `A rank that is killed before the rounds ends the job, because the others wait for it`() throws {
        let outcome = try disturb(atOnce: true, "kill -KILL $(rank 2)")
        #expect(outcome.status == 137, "\(outcome.errors)")
        #expect(outcome.outputLines.last == "left 0")
    }

    @Test func `A run ends although a rank stays stopped`() throws {
        let outcome = try train(["--json", "--inject", "stop:rank=2@round=2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
    }
}
