import Foundation
import Testing

/// What becomes of output that cannot be written, in shells that hand it over closed, full, or read by nobody.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct OutputTests {
    private static let job =
        "--rounds 2 --clients 3 --model logistic --dataset synthetic --samples-per-client 40 --no-report --no-history "
        + "--timing off"

    /// Runs a shell's line in a folder, with the binary as `$F`.
    private func shell(_ line: String, environment: [String: String] = [:], in folder: Folder) throws -> Program.Outcome
    {
        let binary = try #require(Program.binary)
        return try Program.run(
            ["timeout", "-k", "5", "60", "bash", "-c", "F=\(binary); cd \(folder.path); \(line)"],
            environment: environment)
    }

    @Test(arguments: [
        "models", "partition --dataset synthetic --json", "--help", "doctor", "\(job) --results r --json",
    ])
    func `Output that cannot be written is an error, in one line`(command: String) throws {
        let outcome = try shell("$F \(command) >/dev/full", in: Folder())
        #expect(outcome.status == 1)
        #expect(outcome.errors == "fedmpi: standard output cannot be written: No space left on device\n")
    }

    @Test func `Who reads no more ends a command quietly, and not a run`() throws {
        let folder = try Folder()
        let models = try shell("$F models | true; exit ${PIPESTATUS[0]}", in: folder)
        #expect(models.status == 128 + SIGPIPE && models.errors.isEmpty)
        let run = try shell("$F \(Self.job) --results r --run-name a | true; exit ${PIPESTATUS[0]}", in: folder)
        #expect(run.status == 0 && run.errors.isEmpty)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/r/a/model.safetensors"))
    }

    @Test func `A run goes on without descriptors, and drops what it cannot log`() throws {
        let folder = try Folder()
        // A history that is a folder cannot be opened, which is a warning.
        let lines = [
            "$F \(Self.job) --results r --run-name closed <&- >&- 2>&-",
            "mkdir -p r/runs.sqlite; $F \(Self.job.replacing(" --no-history", with: "")) --results r --run-name full --quiet "
                + "2>/dev/full",
        ]
        for line in lines { #expect(try shell(line, in: folder).status == 0) }
        for name in ["closed", "full"] {
            #expect(FileManager.default.fileExists(atPath: folder.path + "/r/\(name)/model.safetensors"))
        }
        #expect(try shell("$F --lr=-1 2>/dev/full", in: folder).status == 2)
        #expect(try shell("$F models >&-", in: folder).status == 1)
    }

    @Test(arguments: [
        ["PMI_RANK": "0", "PMI_SIZE": "3"],
        ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "3", "SLURM_STEP_ID": "0"],
    ])
    func `Ranks of a launcher that MPI knows nothing of are refused`(environment: [String: String]) throws {
        let outcome = try shell("$F \(Self.job)", environment: environment, in: Folder())
        #expect(outcome.status == 2)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("3 processes"), "\(outcome.errors)")
    }

    @Test func `One process runs in an interactive srun shell, and without ssh`() throws {
        let slurm = [
            "SLURM_JOB_ID": "7", "SLURM_JOBID": "7", "SLURM_STEP_ID": "0", "SLURM_STEPID": "0", "SLURM_PROCID": "0",
            "SLURM_NTASKS": "1", "SLURM_NPROCS": "1", "SLURM_LOCALID": "0", "SLURM_NODELIST": "localhost",
        ]
        let folder = try Folder()
        #expect(try shell("$F \(Self.job) --results r --quiet", environment: slurm, in: folder).status == 0)
        #expect(try shell("PATH=/nowhere $F \(Self.job) --results r --quiet", in: folder).status == 0)
    }
}
