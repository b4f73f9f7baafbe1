import FedCore
import Foundation
import Launching

/// Whether a person watches, and how much fits on the screen.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isInteractive: Bool { shows(STDOUT_FILENO) }

    /// Whether standard error is a terminal.
    static var showsErrors: Bool { shows(STDERR_FILENO) }

    /// Whether what this process writes to a descriptor appears on a terminal.
    ///
    /// Open MPI gives each rank a pseudo-terminal even when its own output goes to a file, so under `mpirun` it is the
    /// launcher's output that counts. On a rank that cannot see the launcher, nobody watches. `TERM=dumb` means that
    /// escape sequences are not understood.
    ///
    /// - Parameter descriptor: 1 or 2.
    private static func shows(_ descriptor: Int32) -> Bool {
        guard ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return false }
        guard Launch.isUnderLauncher else { return isatty(descriptor) == 1 }
        return Launch.file(descriptor).map { $0.hasPrefix("/dev/pts/") || $0.hasPrefix("/dev/tty") } ?? false
    }

    /// Characters in a line, and lines; 80 × 24 where the terminal does not tell.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Characters of a table's lines at most: the terminal's, where somebody watches and it is wider than usual, else those
    /// that fit everywhere.
    static var tableWidth: Int {
        isInteractive ? max(TableLayout.usualWidth, size.columns) : TableLayout.usualWidth
    }

    /// A line for standard error with its first word in colour: red where it is the program that speaks of an error, yellow
    /// where a rank warns. As it is when nobody watches, or `NO_COLOR` is set (https://no-color.org).
    static func coloured(_ line: String) -> String {
        guard showsErrors, ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty else { return line }
        for (word, colour) in [("warning:", 33), ("fedmpi:", 31)] {
            guard let place = line.range(of: word), line.distance(from: line.startIndex, to: place.lowerBound) < 12
            else {
                continue
            }
            return line[..<place.lowerBound] + "\u{1B}[\(colour)m\(word)\u{1B}[0m" + line[place.upperBound...]
        }
        return line
    }

    /// Lines of `name      words`, broken at words where they are wider than the terminal, so that the names stay in their
    /// column. As they are when nobody watches: programs read lines.
    static func fitted(_ text: String) -> String {
        let width = isInteractive ? max(40, size.columns) : TableLayout.usualWidth
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.count > width else { return String(line) }
            let name = line.prefix(10)
            let words = SettingsText.wrapped(String(line.dropFirst(10)), indent: 10, first: 10, width: width)
            return String(name + words.dropFirst(10))
        }.joined(separator: "\n")
    }
}
