import CProcess
import Foundation
import MPI

/// How this process was started, as it was before MPI was initialised: a lone process that initialises MPI finds itself
/// described as rank 0 of a job.
package enum Launch {
    private static let variables = LaunchVariables(ProcessInfo.processInfo.environment)

    /// Looks now.
    package static func look() { _ = variables }

    package static var rank: Int { variables.rank ?? 0 }
    static var localRank: Int { variables.localRank }
    package static var isUnderLauncher: Bool { !variables.isAlone }

    /// Spares MPI what does not concern this process; to be called before MPI is initialised, and after there are
    /// guardians.
    package static func prepareMPI() {
        guard !variables.isOpenMPI, variables.isAlone || !variables.isServed else { return }
        // An interactive `srun` shell: Open MPI would take the process for one of a step and abort without a server.
        // Where several were started without one, each is a job of its own, which is seen and said.
        for name in LaunchVariables.misleading { unsetenv(name) }
        // Else Open MPI starts a daemon beside a lone process, for processes that it might start, and needs ssh for it.
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
    }

    /// Why these processes cannot be one job; nil when they are.
    /// - Parameter size: of the job that MPI knows.
    package static func refusal(ofJobOf size: Int) -> String? {
        size > 1 ? nil : variables.severalSingletons(library: MPIWorld.libraryVersion)
    }

    /// The process that started this rank, its guardian aside.
    private static var launcher: pid_t {
        let parent = getppid()
        return isGuardian(parent) ? self.parent(of: parent) ?? parent : parent
    }

    private static func name(of process: pid_t) -> String? {
        let text = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return text.map { String($0.prefix { !$0.isNewline }) }
    }

    private static func parent(of process: pid_t) -> pid_t? {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("PPid:") }
        return line.flatMap { pid_t($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
    }

    static func isGuardian(_ process: pid_t) -> Bool { name(of: process) == "guardian" }

    /// Processes that it has started and not waited for; nil where the kernel does not say.
    static func children(of process: pid_t) -> [pid_t]? {
        // Each thread has a list of those that it has started.
        let threads = "/proc/\(process)/task"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: threads) else { return nil }
        let lists = names.compactMap { try? String(contentsOfFile: "\(threads)/\($0)/children", encoding: .utf8) }
        return lists.isEmpty ? nil : lists.flatMap { $0.split(separator: " ").compactMap { pid_t($0) } }
    }

    /// Open MPI's mpirun passes SIGINT on as SIGTERM; `scripts/mpirun` above it says which it was, by its process's name.
    static var wasInterrupted: Bool {
        guard variables.isOpenMPI, let above = parent(of: launcher) else { return false }
        return name(of: above) == "mpirun: SIGINT"
    }

    /// The file that is the launcher's standard output or error, for a rank on its host.
    package static func file(_ descriptor: Int32) -> String? {
        let launcher = launcher
        guard let name = name(of: launcher), ["mpirun", "mpiexec", "orterun"].contains(where: name.hasPrefix) else {
            return nil
        }
        return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(launcher)/fd/\(descriptor)")
    }

    /// Ends a job that has lost ranks and done its work; finalising MPI would wait for the lost.
    /// - Parameters:
    ///   - exitCode: what the launcher returns, by the word of the rank that ends the job.
    ///   - endsJob: whether this rank is the one; asked again, since the one may be lost.
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
