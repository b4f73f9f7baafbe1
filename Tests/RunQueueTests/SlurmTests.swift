import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

/// With scripts in the place of Slurm's programs: a job is a process that runs the batch script at once.
struct SlurmTests {
    private let programs: FakePrograms
    private let configuration: QueueConfiguration

    init() throws {
        programs = try FakePrograms()
        let folder = programs.folder.path
        func script(_ name: String, _ text: String) throws -> String {
            try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
            return "\(folder)/\(name)"
        }
        var configuration = try programs.configuration()
        // What scripts/slurm.sbatch does: fedmpi with the words that it got.
        var slurm = SlurmCommands(
            script: try script(
                "slurm.sbatch", "trap 'kill $child' TERM\n\(folder)/fedmpi \"$@\" & child=$!\nwait $child; wait $child")
        )
        slurm.sbatch = try script(
            "sbatch",
            """
            echo "$@" >>\(folder)/submitted
            case $* in *partition=none*) echo "sbatch: error: invalid partition specified: none" >&2; exit 1 ;; esac
            for word in "$@"; do
                case $word in --output=*) log=${word#*=} ;; --job-name=*) echo "${word#*=}" >\(folder)/job-name ;; esac
            done
            while case $1 in --*) true ;; *) false ;; esac; do shift; done
            setsid /bin/sh "$@" >>"$log" 2>&1 </dev/null &
            echo $! >\(folder)/job
            echo "41;lab"
            """)
        slurm.squeue = try script(
            "squeue",
            """
            case $* in *--name=*) case $* in *"--name=$(cat \(folder)/job-name)"*) ;; *) exit 0 ;; esac ;; esac
            kill -0 "$(cat \(folder)/job)" 2>/dev/null && echo 41
            exit 0
            """)
        slurm.scancel = try script(
            "scancel",
            "case $* in *KILL*) kill -KILL \"-$(cat \(folder)/job)\" ;; *) kill -TERM \"$(cat \(folder)/job)\" ;; esac")
        configuration.slurm = slurm
        self.configuration = configuration
    }

    private func request(_ name: String) -> RunRequest {
        var request = FakePrograms.request(name, ranks: 9)
        request.launcher = .sbatch
        return request
    }

    @Test func aJobTakesNoCoresAndEndsWithItsCode() async throws {
        let queue = try RunQueue(configuration)
        let id = try await queue.submit(request("fails")).id
        let row = try await queue.wait(for: id, .failed)
        #expect(row.exitCode == 1 && row.reason == "it went wrong" && row.job == "41" && row.cores == 0)
        let words = try String(contentsOfFile: programs.folder.path + "/submitted", encoding: .utf8)
        #expect(words.contains("--ntasks=9 "))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(programs.results)/queue").sorted() == [
                "1.log", "lock",
            ])
    }

    @Test func aJobIsStoppedBySlurm() async throws {
        let queue = try RunQueue(configuration)
        let id = try await queue.submit(request("sleeps")).id
        try await queue.wait(for: id, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        try await queue.stop(id)
        let row = try await queue.wait(for: id, .stopped)
        #expect(row.exitCode == 143 && row.reason == "stopped, saved")
    }

    @Test func aJobWhoseNumberWasNotNotedIsFoundByItsName() async throws {
        var queue: RunQueue? = try RunQueue(configuration)
        let id = try #require(try await queue?.submit(request("sleeps")).id)
        try await queue?.wait(for: id, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        var row = try #require(await queue?.openRuns.first)
        (row.state, row.job) = (.starting, nil)
        try await queue?.save(row)
        queue = nil
        let next = try RunQueue(configuration)
        #expect(try await next.wait(for: id, .running).job == "41")
        try await next.stop(id)
        try await next.wait(for: id, .stopped)
        #expect(programs.starts == ["sleeps"])
    }

    @Test func whatSlurmRefusesHasFailedInItsWords() async throws {
        var configuration = configuration
        configuration.slurm?.arguments = ["--partition=none"]
        let queue = try RunQueue(configuration)
        let row = try await queue.wait(for: queue.submit(request("quick")).id, .failed)
        #expect(row.reason == "error: invalid partition specified: none")
    }

    @Test func withoutSlurmJobsAreRefused() async throws {
        let queue = try programs.queue()
        await #expect(throws: ConfigurationError("launcher is sbatch, and this queue does not know of a Slurm")) {
            try await queue.submit(request("quick"))
        }
    }
}
