import CProcess
import FedCore
import Foundation
import Launching
import Synchronization

/// Standard output and error, unbuffered: a line is out when the call returns. Everything that the commands print goes
/// through here; thread-safe as far as single lines go.
///
/// Output is what a command was asked for: when some of it is lost, that is said, and the exit code tells. Errors and
/// warnings that cannot be written are dropped, because there is nobody to tell, and the work goes on.
enum Console {
    /// What becomes of a command whose output cannot be written.
    enum Loss {
        /// The command ends at once: its output is all it is for.
        case ends
        /// The command goes on, and the loss is told at the end: its results are files, or other ranks may wait for
        /// this one.
        case isNoted
    }

    /// What the loss of its output means to the command; set before it runs. A command ends at once unless set
    /// otherwise.
    static var loss: Loss {
        get { endsAtLoss.load(ordering: .relaxed) ? .ends : .isNoted }
        set { endsAtLoss.store(newValue == .ends, ordering: .relaxed) }
    }

    /// Whether ``loss`` is ``Loss/ends``.
    private static let endsAtLoss = Atomic(true)
    /// The `errno` of the first failed write to standard output; 0 while none has failed.
    private static let lost = Atomic<Int32>(0)
    /// Whether standard output was closed when the program began.
    private static let outputWasClosed = Atomic(false)
    /// Whether the last thing written is a line without an end, such as a progress bar.
    private static let lineIsOpen = Atomic(false)

    /// Prepares the standard descriptors. To be called first of all: a descriptor that is closed would otherwise be
    /// given to the next file or socket, and output would be written into it.
    static func open() {
        let closed = process_open_standard_descriptors()
        outputWasClosed.store(closed & 1 << STDOUT_FILENO != 0, ordering: .relaxed)
        // A pipe that nobody reads is seen by `EPIPE`. No `SIG_IGN`: programs that are started would inherit it.
        signal(SIGPIPE) { _ in }
    }

    /// Writes to standard output.
    ///
    /// Characters that cannot be shown are written as escapes, because names and reasons in the text may come from
    /// files of others and could move the cursor. JSON keeps its value.
    ///
    /// - Parameters:
    ///   - text: one or more lines.
    ///   - terminator: written behind the text.
    static func output(_ text: String, terminator: String = "\n") {
        put(text.printableLines + terminator, opensLine: !terminator.hasSuffix("\n") && !text.isEmpty)
    }

    /// Draws on a terminal, with its escape sequences; texts of others in it must have been made `printable`.
    static func draw(_ text: String) {
        put(text, opensLine: true)
    }

    /// Draws on the terminal of standard error, with its escape sequences; texts of others in it must have been made
    /// `printable`.
    static func drawOnError(_ text: String) {
        _ = write(text, to: STDERR_FILENO)
        lineIsOpen.store(text != ProgressBar.eraser, ordering: .relaxed)
    }

    /// Writes to standard output and keeps account of losses.
    ///
    /// - Parameter opensLine: whether the text leaves a line without an end.
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

    /// Writes a line to standard error, after clearing a progress bar on the same terminal.
    ///
    /// - Parameters:
    ///   - text: the line; it says which program or rank speaks.
    ///   - onItsOwnLine: whether the line is cleared in any case: a terminal shows the `^C` of whoever stops the run.
    static func error(_ text: String, onItsOwnLine: Bool = false) {
        // The bar is on the terminal where this goes, too, perhaps by another way: it goes first.
        let isOpen = lineIsOpen.exchange(false, ordering: .relaxed) || onItsOwnLine
        let clear = isOpen && Terminal.showsErrors ? ProgressBar.eraser : ""
        _ = write("\(clear)\(Terminal.coloured(text.printableLines))\n", to: STDERR_FILENO)
    }

    /// Says why a command ends with an error: a line on standard error, and, where `--json` was asked for, an event `error` on
    /// standard output, too, so that a program that reads events need not read two streams.
    ///
    /// - Parameters:
    ///   - reason: one line.
    ///   - code: the exit code that follows.
    ///   - speaker: who says it.
    static func refusal(_ reason: String, code: Int32, by speaker: String = "fedmpi") {
        struct Event: Encodable {
            let event = "error"
            let code: Int32
            let message: String
        }
        if CommandLine.arguments.contains("--json"),
            let text = try? RunJSON.text(of: Event(code: code, message: reason.printableLines))
        {
            output(text)
        }
        error("\(speaker): \(reason)")
    }

    /// The exit code to use, in view of output that was lost. Says so on standard error, once.
    ///
    /// A reader that closes the pipe, as `head` does, has read enough: that is no loss.
    ///
    /// - Parameter code: the command's own exit code.
    /// - Returns: 1 instead of 0 when output was lost.
    static func code(_ code: Int32) -> Int32 {
        let failure = lost.exchange(0, ordering: .relaxed)
        // Who closes the pipe has read enough.
        guard failure != 0, failure != EPIPE else { return code }
        error("fedmpi: standard output cannot be written: \(String(cString: strerror(failure)))")
        return code == 0 ? 1 : code
    }

    /// Ends by SIGPIPE, as programs do that take no notice of pipes: a shell then sees what it expects of
    /// `fedmpi … | head`.
    private static func endByPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }

    /// Writes all of a text, waiting where the reader is slow.
    ///
    /// It gives up when the run is asked to stop and nobody reads: `mpirun` stops reading a second before it kills, and
    /// that second is for saving.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - number: the descriptor.
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
