import Foundation
import Testing

/// What `scripts/mpirun` says of a job that has not come to its end.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct LauncherTests {
    private static let job = [
        "--clients", "4", "--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "40", "--quiet",
        "--no-report", "--no-history", "--timing", "off",
    ]

    /// Runs `scripts/mpirun` under `timeout`, without the environment of `scripts/test` for `mpirun`.
    private func run(_ words: [String], before shell: String = "") throws -> Program.Outcome {
        let script = "unset OMPI_MCA_orte_execute_quiet; \(shell) exec timeout -k 5 60 \"$@\""
        return try Program.run(["--default-signal", "bash", "-c", script, "bash", Program.wrapper] + words)
    }

    @Test func `Open MPI's own reason is seen when fedmpi has not spoken`() throws {
        let binary = try #require(Program.binary)
        let missing = try run(["-np", "2", "--hostfile", "/nowhere/hosts", binary])
        #expect(missing.status != 0 && missing.errors.contains("/nowhere/hosts"), "\(missing.errors)")
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let bound = try run(["-np", "\(2 * cores + 1)", "--bind-to", "core", binary])
        #expect(bound.status != 0 && bound.errors.contains("binding more"), "\(bound.errors)")
    }

    @Test func `What fedmpi has said stays one line`() throws {
        let binary = try #require(Program.binary)
        let folder = try Folder()
        let wrong = try run(["-np", "3", binary, "--rounds", "0"])
        #expect(wrong.status == 2 && wrong.errorLines.count == 1, "\(wrong.errors)")
        let full = try run(
            ["-np", "2", binary, "--rounds", "1", "--results", folder.path, "--json"]
                + Self.job.filter { $0 != "--quiet" },
            before: "exec >/dev/full;")
        #expect(full.status == 1)
        #expect(full.errors == "mpirun: standard output cannot be written\n")
    }

    /// - Parameter victim: a shell command that prints a process, given the wrapper's as `$job` and mpirun's as `$mpirun`.
    private func killed(_ victim: String) throws -> Program.Outcome {
        let binary = try #require(Program.binary)
        let folder = try Folder()
        let script = """
            unset OMPI_MCA_orte_execute_quiet
            "$@" &
            job=$!
            for _ in $(seq 400); do grep -qs round \(folder.path)/a/round_log.json && break; sleep 0.1; done
            for p in $(pgrep -P $job); do case $(readlink /proc/$p/exe) in *orterun*) mpirun=$p ;; esac; done
            kill -KILL $(\(victim))
            wait $job
            """
        return try Program.run(
            [
                "--default-signal", "timeout", "-k", "5", "120", "bash", "-c", script, "bash", Program.wrapper, "-np",
                "3", binary,
            ]
                + Self.job + ["--rounds", "100000000", "--results", folder.path, "--run-name", "a"])
    }

    @Test func `Who was killed is named, and nobody else`() throws {
        let server = try killed("pgrep -P $mpirun -x fedmpi | head -1")
        #expect(server.status == 137)
        #expect(server.errorLines.last?.hasPrefix("mpirun: rank 0 on ") == true, "\(server.errors)")
        let launcher = try killed("echo $mpirun")
        #expect(launcher.status == 137)
        #expect(launcher.errorLines.count == 1 && !launcher.errors.contains("rank"), "\(launcher.errors)")
    }
}
