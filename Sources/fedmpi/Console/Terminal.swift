import Foundation
import Launching

/// Whether a person watches.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isInteractive: Bool { shows(STDOUT_FILENO) }

    /// Whether standard error is one.
    static var showsErrors: Bool { shows(STDERR_FILENO) }

    /// Open MPI gives each rank a pseudo-terminal even when its own output goes to a file, so under `mpirun` it is the
    /// launcher's standard output that counts. On a rank that cannot see the launcher, nobody watches.
    private static func shows(_ descriptor: Int32) -> Bool {
        guard ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return false }
        guard Launch.isUnderLauncher else { return isatty(descriptor) == 1 }
        return Launch.file(descriptor).map { $0.hasPrefix("/dev/pts/") || $0.hasPrefix("/dev/tty") } ?? false
    }

    /// Characters in a line and lines, as far as the terminal knows.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
