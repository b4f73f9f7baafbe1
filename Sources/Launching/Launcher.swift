package import FedCore
import Foundation
import Records

/// Starts fedmpi's own commands as a person would, one after the other, each as a process of its own.
///
/// `fedmpi demo` uses it. Processes instead of calls keep each step's MPI job, memory and exit code apart, and what the
/// demonstration shows is what the user can type.
package struct Launcher {
    /// The path of Open MPI's launcher; nil when there is none.
    private let mpirun: String?
    /// The path of this program, so that the same build is started again.
    private let program: String
    /// The environment of the commands: this process's, with defaults that let Open MPI start more ranks than cores,
    /// and as root, without questions.
    private let environment: [String: String]

    /// A command that did not end with 0, or could not be started.
    package struct Failure: Error {
        /// The command's exit code, 128 + n when signal n ended it, or 127 when it could not be started.
        package let code: Int32
        /// One line that says why it could not be started; nil when it was started and has said itself what is wrong.
        package var reason: String?
    }

    /// Finds this program and its launcher: the `mpirun` beside it, which comes with defaults that suit it, else the
    /// first on the `PATH`.
    package init() {
        program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "fedmpi"
        mpirun = ProgramPath.find("mpirun", beside: program)
        environment = ProgramPath.launchEnvironment
    }

    /// Checks that ranks can be started at all, before the first command runs.
    ///
    /// - Throws: `ConfigurationError` when there is no mpirun.
    package func requireMPIRun() throws(ConfigurationError) {
        if mpirun == nil { throw ConfigurationError("there is no mpirun on the PATH: apt-get install openmpi-bin") }
    }

    /// Runs a command to its end. Blocks; its output goes where this process's goes.
    ///
    /// A SIGINT, SIGTERM or SIGHUP that somebody sends to this process is passed to the command, which then ends in its
    /// own way; a terminal's Ctrl-C reaches the command by itself.
    ///
    /// - Parameters:
    ///   - ranks: ranks to start, at least 1; nil starts the command without mpirun.
    ///   - arguments: the command line behind `fedmpi`.
    /// - Throws: `Failure` when the command does not end with 0.
    package func run(ranks: Int?, _ arguments: [String]) throws(Failure) {
        var words = [program] + arguments
        if let ranks, let mpirun { words = [mpirun, "-np", "\(ranks)"] + words }
        let status = try spawnAndWait(words)
        let signal = status & 0x7f
        let code = signal == 0 ? status >> 8 & 0xff : 128 + signal
        if code != 0 { throw Failure(code: code) }
    }

    /// Starts a program and waits for its end, passing signals on.
    ///
    /// - Parameter words: the path of the program and its arguments.
    /// - Returns: the status as `waitpid` reports it.
    /// - Throws: `Failure` with code 127 when it cannot be started.
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

    /// Calls a function with copies of strings as a null-terminated array of C strings, and frees the copies.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
