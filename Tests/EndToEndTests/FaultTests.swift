import Foundation
import Testing

/// Ranks that are killed or stopped while the job runs, with Open MPI's recovery on.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct FaultTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func train(_ arguments: [String], seconds: Int = 60) throws -> Program.Outcome {
        let settings = [
            "--rounds", "4", "--dataset", "synthetic", "--samples-per-client", "200", "--model", "edgecnn-small",
            "--clients", "8", "--failure-timeout", "3", "--json", "--results", folder.path,
        ]
        return try Program.run(
            ranks: 5, settings + arguments, seconds: seconds, environment: ["OMPI_MCA_orte_enable_recovery": "1"])
    }

    private func undisturbed() throws -> String {
        try train([]).digest()
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
        let outcome = try train(faults.flatMap { ["--inject", $0] })
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
        #expect(outcome.errorLines.filter { $0.contains("lost rank") }.count == faults.count, "\(outcome.errors)")
    }

    @Test func `On the wire of sums the weights are the same, whoever is killed`() throws {
        let outcome = try train([
            "--wire", "reduce", "--inject", "kill:rank=1@round=2,phase=gather", "--inject", "kill:rank=4@round=3",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.digest() == undisturbed())
        #expect(try train(["--wire", "reduce"]).digest() == undisturbed())
    }

    @Test func `A rank that is late at the hard limit is out of the round, and the run goes on`() throws {
        let outcome = try train([
            "--round-deadline", "1s", "--failure-timeout", "2", "--min-clients", "4",
            "--inject", "delay:rank=2@round=2,phase=gather,seconds=4",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rounds = try outcome.events().filter { $0["event"] as? String == "round" }
        #expect(rounds.count == 4)
        #expect(rounds.contains { ($0["participants"] as? Int ?? 8) < 8 } || outcome.errors.contains("lost rank 2"))
    }

    @Test func `Dropped clients are left out of the round in which their rank was lost`() throws {
        let outcome = try train(["--inject", "kill:rank=2@round=2,phase=train", "--on-failure", "drop"])
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
        let outcome = try Program.run(
            ["timeout", "90", "bash", "-c", script, binary, folder.path],
            environment: ["OMPI_MCA_orte_enable_recovery": "1"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("lost rank 2"))
        #expect(outcome.errors.contains("rank 2 is back"))
    }

    @Test(arguments: ["nan", "corrupt"])
    func `A spoilt update is counted, logged and left out, and the round goes on`(kind: String) throws {
        let outcome = try train(["--inject", "\(kind):rank=2@round=3"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rounds = try outcome.events().filter { $0["event"] as? String == "round" }
        #expect(rounds.map { $0["rejected"] as? Int } == [0, 0, 1, 0])
        #expect(rounds.map { $0["participants"] as? Int } == [8, 8, 7, 8])
        #expect(outcome.errors.contains("round 3: left out the update of client"))
    }
}
