import Foundation

/// Whether a person watches standard output.
enum Terminal {
    /// Open MPI gives each rank a pseudo-terminal even when its own output goes to a file, so under `mpirun` it is the
    /// launcher's standard output that counts. On a rank that cannot see the launcher, nobody watches.
    static var isInteractive: Bool {
        guard ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return false }
        guard Launch.isUnderLauncher else { return isatty(STDOUT_FILENO) == 1 }
        let parent = getppid()
        let name = try? String(contentsOfFile: "/proc/\(parent)/comm", encoding: .utf8)
        guard let name, name.hasPrefix("mpirun") || name.hasPrefix("mpiexec") || name.hasPrefix("orterun") else {
            return false
        }
        let output = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(parent)/fd/1")
        return output.map { $0.hasPrefix("/dev/pts/") || $0.hasPrefix("/dev/tty") } ?? false
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
