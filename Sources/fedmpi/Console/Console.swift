import CProcess
import FedCore
import Foundation
import Launching
import Synchronization

/// Standard output and error, unbuffered: a line is out when the call returns.
///
/// Output is what a command was asked for: what of it is lost is said, and the exit code tells. Errors and warnings that
/// cannot be written are dropped, because there is nobody to tell, and the work goes on.
enum Console {
    /// What becomes of output that cannot be written.
    enum Loss {
        /// The command ends: its output is all it is for.
        case ends
        /// It is told at the end: the results are files, or other ranks may wait for this one.
        case isNoted
    }

    /// What the loss of its output means to the command; set before it runs.
    static var loss: Loss {
        get { endsAtLoss.load(ordering: .relaxed) ? .ends : .isNoted }
        set { endsAtLoss.store(newValue == .ends, ordering: .relaxed) }
    }

    private static let endsAtLoss = Atomic(true)
    /// Why output was lost first, by `errno`; 0: none was.
    private static let lost = Atomic<Int32>(0)
    private static let outputWasClosed = Atomic(false)
    /// Whether a progress bar, or another line that is not ended, is the last that was written.
    private static let lineIsOpen = Atomic(false)

    /// To be called first of all.
    static func open() {
        let closed = process_open_standard_descriptors()
        outputWasClosed.store(closed & 1 << STDOUT_FILENO != 0, ordering: .relaxed)
        // A pipe that nobody reads is seen by `EPIPE`. No `SIG_IGN`: programs that are started would inherit it.
        signal(SIGPIPE) { _ in }
    }

    /// What of the text cannot be shown is written out: names and reasons in it may be somebody else's. JSON keeps its value.
    static func output(_ text: String, terminator: String = "\n") {
        put(text.printableLines + terminator, opensLine: !terminator.hasSuffix("\n") && !text.isEmpty)
    }

    /// Draws on a terminal, with its escape sequences; texts of others are to be `printable`.
    static func draw(_ text: String) {
        put(text, opensLine: true)
    }

    private static func put(_ text: String, opensLine: Bool) {
        guard lost.load(ordering: .relaxed) == 0 else { return }
        let isClosed = outputWasClosed.load(ordering: .relaxed)
        // A daemon that closes it wants no table.
        if isClosed, loss == .isNoted { return }
        let failure = isClosed ? EBADF : write(text, to: STDOUT_FILENO)
        lineIsOpen.store(opensLine, ordering: .relaxed)
        guard failure != 0 else { return }
        lost.store(failure, ordering: .relaxed)
        guard loss == .ends else { return }
        if failure == EPIPE { endByPipe() }
        exit(code(0))
    }

    /// - Parameter onItsOwnLine: also where a terminal has shown the `^C` of who stops the run.
    static func error(_ text: String, onItsOwnLine: Bool = false) {
        // The bar is on the terminal where this goes, too, perhaps by another way: it goes first.
        let isOpen = lineIsOpen.exchange(false, ordering: .relaxed) || onItsOwnLine
        let clear = isOpen && Terminal.showsErrors ? ProgressBar.eraser : ""
        _ = write("\(clear)\(text.printableLines)\n", to: STDERR_FILENO)
    }

    /// A command's exit code, when its output was lost; says so.
    static func code(_ code: Int32) -> Int32 {
        let failure = lost.exchange(0, ordering: .relaxed)
        // Who closes the pipe has read enough.
        guard failure != 0, failure != EPIPE else { return code }
        error("fedmpi: standard output cannot be written: \(String(cString: strerror(failure)))")
        return code == 0 ? 1 : code
    }

    /// Ends as programs do that know nothing of pipes.
    private static func endByPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }

    /// Gives up when the run is asked to stop and nobody reads: `mpirun` stops reading a second before it kills, and that
    /// second is for saving.
    /// - Returns: 0, or the `errno` of what could not be written.
    private static func write(_ text: String, to number: Int32) -> Int32 {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var descriptor = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            guard poll(&descriptor, 1, 100) > 0 else {
                if StopSignals.isRaised { return 0 }
                continue
            }
            let written = rest.withUnsafeBytes { Foundation.write(number, $0.baseAddress, $0.count) }
            if written > 0 { rest = rest.dropFirst(written) }
            if written < 0, errno != EINTR, errno != EAGAIN { return errno }
        }
        return 0
    }
}
