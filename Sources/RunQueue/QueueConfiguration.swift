public import FedCore
import Foundation
import Records

/// What a queue may use, and what a request may name: what the operator decides, not who asks for runs.
///
/// ```swift
/// var configuration = try QueueConfiguration(results: "results")
/// configuration.cores = 8
/// configuration.readableFolders = ["/data"]
/// ```
public struct QueueConfiguration: Sendable {
    /// Folder of all runs, as an absolute path.
    public let results: String
    /// Path of fedmpi, whose last part is `fedmpi`: the launcher's defaults are for that name.
    public let program: String
    /// Path of Open MPI's launcher.
    public let mpirun: String
    /// Cores that runs may take together; by default those of this process.
    public var cores = ProcessInfo.processInfo.activeProcessorCount
    /// Most ranks of a run. More than the cores are possible: ranks wait asleep.
    public var mostRanks = 1024
    /// Folders below which settings may name files and folders to read, beside registered models and the results folder's runs. None by
    /// default: settings come over a network.
    public var readableFolders: [String] = []
    /// How runs reach Slurm; nil refuses them.
    public var slurm: SlurmCommands?
    /// How long a run that was asked to stop may take to save its checkpoint, before it is killed.
    public var patience: Duration = .seconds(60)
    /// How often the queue looks at its runs.
    public var interval: Duration = .milliseconds(200)

    /// Finds what a queue needs.
    ///
    /// - Parameters:
    ///   - results: the folder of all runs; made when missing.
    ///   - program: path of fedmpi; nil takes the one beside this program, else the first on the `PATH`.
    ///   - mpirun: path of the launcher; nil takes the one beside fedmpi, else the first on the `PATH`.
    /// - Throws: `ConfigurationError` when one of the programs is not there.
    public init(
        results: String, program: String? = nil, mpirun: String? = nil
    ) throws(ConfigurationError) {
        self.results = URL(fileURLWithPath: results, isDirectory: true).standardizedFileURL.path
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        guard let program = program ?? ProgramPath.find("fedmpi", beside: own) else {
            throw ConfigurationError("fedmpi is neither beside this program nor on the PATH")
        }
        guard ProgramPath.isExecutable(program) else {
            throw ConfigurationError("'\(program.printable)' is no program that can be run")
        }
        guard let mpirun = mpirun ?? ProgramPath.find("mpirun", beside: program) else {
            throw ConfigurationError("there is no mpirun on the PATH: apt-get install openmpi-bin")
        }
        guard ProgramPath.isExecutable(mpirun) else {
            throw ConfigurationError("'\(mpirun.printable)' is no program that can be run")
        }
        self.program = URL(fileURLWithPath: program).standardizedFileURL.path
        self.mpirun = URL(fileURLWithPath: mpirun).standardizedFileURL.path
    }
}

/// The programs by which runs reach Slurm.
public struct SlurmCommands: Sendable {
    /// The batch script that starts the ranks: `scripts/slurm.sbatch`.
    public var script: String
    /// Arguments of `sbatch` before the script, such as `--partition=long`; the operator's words.
    public var arguments: [String] = []
    /// Submits a job.
    public var sbatch = "sbatch"
    /// Says how a job stands.
    public var squeue = "squeue"
    /// Ends a job.
    public var scancel = "scancel"

    /// Names the batch script; the programs are those on the `PATH`.
    public init(script: String) { self.script = script }
}
