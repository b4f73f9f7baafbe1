import CProcess
import Foundation
import MPI

/// How this process was started: by whom, as which rank, and under which conditions the job can end.
///
/// The launcher's environment variables are read once, before MPI is initialised: a lone process that initialises MPI
/// finds itself described as rank 0 of a job, which could no longer be told from a real one. `Main` calls ``look()``
/// first.
package enum Launch {
    /// The environment as it was at the first use.
    private static let variables = LaunchVariables(ProcessInfo.processInfo.environment)

    /// Reads the environment. To be called before anything changes it, in particular MPI.
    package static func look() { _ = variables }

    /// This process's rank by the launcher's word; 0 without a launcher. Valid before MPI is initialised.
    package static var rank: Int { variables.rank ?? 0 }
    /// The number of ranks by the launcher's word; 1 without a launcher, and where it does not say.
    package static var size: Int { variables.size ?? 1 }
    /// The place among the ranks of this host, from 0.
    static var localRank: Int { variables.localRank }
    /// Whether some launcher started this process as one of a job.
    package static var isUnderLauncher: Bool { !variables.isAlone }

    /// Whether other ranks are another program, which knows nothing of this one's arguments: rank 0 alone can end the
    /// job then.
    package static var isOneOfSeveralPrograms: Bool { variables.isOneOfSeveralPrograms }

    /// Sets and removes environment variables so that MPI can be initialised where it would fail or start helpers
    /// without need.
    ///
    /// To be called before MPI is initialised, and after ``Guardian/standGuard(sparesServer:)``, because a guardian
    /// needs the environment untouched. Does nothing under Open MPI's launcher, nor where another launcher serves
    /// several processes.
    package static func prepareMPI() {
        guard !variables.isOpenMPI, variables.isAlone || !variables.isServed else { return }
        // An interactive `srun` shell: Open MPI would take the process for one of a step and abort without a server.
        // Where several were started without one, each is a job of its own, which is seen and said.
        for name in LaunchVariables.misleading { unsetenv(name) }
        // Else Open MPI starts a daemon beside a lone process, for processes that it might start, and needs ssh for it.
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
    }

    /// The reason why these processes cannot be one job, as one line for the user; nil when they are one.
    ///
    /// The usual cause is a launcher of another MPI library than the one that this program is linked with: then each
    /// process is initialised as a job of its own, and all would train the same run into the same folder.
    ///
    /// - Parameter size: the size of the job as MPI knows it.
    package static func refusal(ofJobOf size: Int) -> String? {
        size > 1 ? nil : variables.severalSingletons(library: MPIWorld.libraryVersion)
    }

    /// The process that started this rank; behind a guardian it is the guardian's parent.
    private static var launcher: pid_t {
        let parent = getppid()
        return isGuardian(parent) ? self.parent(of: parent) ?? parent : parent
    }

    /// The name of a process, as `ps -o comm` shows it; nil when the process is gone.
    private static func name(of process: pid_t) -> String? {
        let text = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return text.map { String($0.prefix { !$0.isNewline }) }
    }

    /// The parent of a process; nil when it is gone.
    private static func parent(of process: pid_t) -> pid_t? {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("PPid:") }
        return line.flatMap { pid_t($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
    }

    /// Whether a process is the guardian of a rank, judged by the name that it gives itself.
    static func isGuardian(_ process: pid_t) -> Bool { name(of: process) == "guardian" }

    /// The living or unreaped children of a process; nil where the kernel does not tell (`/proc/*/task/*/children`
    /// needs `CONFIG_PROC_CHILDREN`).
    ///
    /// - Complexity: one small file for each thread of the process.
    static func children(of process: pid_t) -> [pid_t]? {
        // Each thread has a list of those that it has started.
        let threads = "/proc/\(process)/task"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: threads) else { return nil }
        let lists = names.compactMap { try? String(contentsOfFile: "\(threads)/\($0)/children", encoding: .utf8) }
        return lists.isEmpty ? nil : lists.flatMap { $0.split(separator: " ").compactMap { pid_t($0) } }
    }

    /// Whether the user pressed Ctrl-C, although a SIGTERM arrived.
    ///
    /// Open MPI's mpirun passes SIGINT on as SIGTERM. `scripts/mpirun` above it tells which of the two it was by its
    /// process's name, so that the exit code and the message are right.
    static var wasInterrupted: Bool {
        guard variables.isOpenMPI, let above = parent(of: launcher) else { return false }
        return name(of: above) == "mpirun: SIGINT"
    }

    /// The file that is the launcher's standard output or error, for a rank on the launcher's host.
    ///
    /// Under mpirun a rank's own output is a pseudo-terminal or a pipe to the launcher, whatever the launcher's output
    /// is.
    ///
    /// - Parameter descriptor: 1 or 2.
    /// - Returns: a path such as `/dev/pts/3`; nil on other hosts and under other launchers.
    package static func file(_ descriptor: Int32) -> String? {
        let launcher = launcher
        guard let name = name(of: launcher), ["mpirun", "mpiexec", "orterun"].contains(where: name.hasPrefix) else {
            return nil
        }
        return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(launcher)/fd/\(descriptor)")
    }

    /// Ends a job that has lost ranks and done its work. Does not finalise MPI, which would wait for the lost.
    ///
    /// One rank ends the job, and the launcher returns that rank's code. The others stay until then, because the
    /// launcher may take a rank that leaves early for one that failed. A rank that counts as lost may only be stopped,
    /// and the launcher would wait for it for ever: aborting ends it, too.
    ///
    /// - Parameters:
    ///   - exitCode: the launcher's exit code, if this rank is the one that ends the job.
    ///   - endsJob: whether this rank is the one; asked every second, since the one that should end the job may be lost
    ///     itself.
    package static func leaveBehindLostRanks(exitCode: Int32, endsJob: () -> Bool) -> Never {
        if case .recovery = Guardian.policy { MPIWorld.exitWithoutFinalizing(code: Int(exitCode)) }
        if !endsJob() {
            // The launcher may take a rank that leaves for one that failed: this one stays until the server ends the job.
            StopSignals.lower()
            let launcher = getppid()
            while getppid() == launcher, !endsJob() { sleep(1) }
            if getppid() != launcher { _exit(0) }
        }
        Thread.sleep(forTimeInterval: 0.3)  // the launcher drops what it has not read yet
        // A lost rank may only be stopped, and the launcher would wait for it: it is told to end whoever is left.
        MPIWorld.abort(code: Int(exitCode))
    }
}
