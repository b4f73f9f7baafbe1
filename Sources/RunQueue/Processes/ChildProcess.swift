import CProcess
import FedCore
import Foundation

/// Starts programs from lists of words, never by a shell that would read them.
enum ChildProcess {
    /// A program that could not be started.
    struct Failure: Error, CustomStringConvertible {
        /// Path of the program.
        let program: String
        /// The system's number of the error.
        let code: Int32
        var description: String { "cannot start '\(program.printable)': \(String(cString: strerror(code)))" }
    }

    /// Starts a program in a session of its own: no terminal's and no service's signals reach it, and it goes on when this process
    /// ends. It gets no file of this process but those named here, and signals as a fresh process has them.
    ///
    /// - Parameters:
    ///   - words: the program's path, and its arguments.
    ///   - environment: its environment.
    ///   - log: file that its output and errors are added to; made when missing, never through a symbolic link.
    /// - Returns: the process's number; whoever started it has to wait for it.
    /// - Throws: ``Failure``.
    static func start(_ words: [String], environment: [String: String], log: String) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // A socket that this process listens on would keep its port busy for as long as the run goes on.
        process_spawn_close_from(&actions, STDERR_FILENO + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, process_spawn_session_flag() | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // A server that handles a signal otherwise may ignore it, which programs inherit.
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)

        var child: pid_t = 0
        let code = withCStrings(words) { arguments in
            withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawn(&child, words[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw Failure(program: words[0], code: code) }
        return child
    }

    /// Runs a program to its end, which is soon.
    ///
    /// - Parameters:
    ///   - words: the program's path, and its arguments.
    ///   - environment: its environment.
    ///   - log: file for its output and errors.
    ///   - seconds: after this time it is killed.
    /// - Returns: the exit code, 128 + n when signal n ended it; nil when the time was over.
    /// - Throws: ``Failure``.
    static func run(
        _ words: [String], environment: [String: String], log: String, atMost seconds: Double = 60
    ) async throws -> Int32? {
        let child = try start(words, environment: environment, log: log)
        let end = ContinuousClock.now + .seconds(seconds)
        var pause = 0.001
        while true {
            var status: Int32 = 0
            let found = waitpid(child, &status, WNOHANG)
            if found == child { return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f }
            // Somebody else has waited for it.
            if found < 0, errno != EINTR { return nil }
            if ContinuousClock.now > end {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                return nil
            }
            // Not cancelled: a request that is given up must not leave a process behind.
            await pauseUncancelled(pause)
            pause = min(pause * 1.5, 0.02)
        }
    }

    /// Sleeps, whether the task is cancelled or not.
    private static func pauseUncancelled(_ seconds: Double) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { continuation.resume() }
        }
    }

    /// Takes note that a process of this one has ended, so that it does not stay as a zombie. Nothing for other processes.
    static func reap(_ child: pid_t) {
        var status: Int32 = 0
        waitpid(child, &status, WNOHANG)
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
