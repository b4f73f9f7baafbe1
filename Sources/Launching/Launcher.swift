package import FedCore
import Foundation

/// Starts fedmpi's own commands as a person would, one after the other, each a process of its own.
package struct Launcher {
    /// Open MPI's, by its path; nil: there is none.
    private let mpirun: String?
    private let program: String
    private let environment: [String: String]

    /// A command that did not end with 0.
    package struct Failure: Error {
        /// The process's, or 128 + the signal that ended it or this process.
        package let code: Int32
        /// Why it could not be started; nil when it was.
        package var reason: String?
    }

    package init() {
        let variables = ProcessInfo.processInfo.environment
        program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "fedmpi"
        // The one beside this program comes with defaults that suit it.
        let beside = URL(fileURLWithPath: program).deletingLastPathComponent().path
        let folders = [beside] + (variables["PATH"] ?? "").split(separator: ":").map(String.init)
        mpirun = folders.map { $0 + "/mpirun" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        let isRoot = getuid() == 0 ? "1" : "0"
        environment = [
            "OMPI_ALLOW_RUN_AS_ROOT": isRoot, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": isRoot,
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
        ].merging(variables) { $1 }
    }

    /// - Throws: `ConfigurationError` when there is no mpirun.
    package func requireMPIRun() throws(ConfigurationError) {
        if mpirun == nil { throw ConfigurationError("there is no mpirun on the PATH: apt-get install openmpi-bin") }
    }

    /// Runs a command to its end; what it prints goes where this process prints.
    /// - Parameters:
    ///   - ranks: nil: without mpirun.
    ///   - arguments: of fedmpi.
    /// - Throws: `Failure`.
    package func run(ranks: Int?, _ arguments: [String]) throws(Failure) {
        var words = [program] + arguments
        if let ranks, let mpirun { words = [mpirun, "-np", "\(ranks)"] + words }
        let status = try spawnAndWait(words)
        let signal = status & 0x7f
        let code = signal == 0 ? status >> 8 & 0xff : 128 + signal
        if code != 0 { throw Failure(code: code) }
    }

    /// - Returns: the status as `waitpid` tells it.
    private func spawnAndWait(_ words: [String]) throws(Failure) -> Int32 {
        // From before the start until after the end, so that no signal falls between.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGCHLD] { sigaddset(&signals, number) }
        var formerMask = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &formerMask)
        defer { pthread_sigmask(SIG_SETMASK, &formerMask, nil) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        posix_spawnattr_setsigmask(&attributes, &formerMask)
        var child: pid_t = 0
        let error = Self.withCStrings(words) { arguments in
            Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawn(&child, words[0], nil, &attributes, arguments, environment)
            }
        }
        guard error == 0 else {
            throw Failure(code: 127, reason: "cannot start \(words[0]): \(String(cString: strerror(error)))")
        }
        while true {
            var information = siginfo_t()
            let signal = sigwaitinfo(&signals, &information)
            var status: Int32 = 0
            if waitpid(child, &status, WNOHANG) == child { return status }
            // A terminal tells the child itself.
            if signal > 0, signal != SIGCHLD, information.si_code == SI_USER { kill(child, signal) }
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
