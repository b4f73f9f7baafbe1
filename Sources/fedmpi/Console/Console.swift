import Foundation

/// Standard output and error, unbuffered: a line is out when the call returns.
enum Console {
    /// Gives up when the run is asked to stop and nobody reads: `mpirun` stops reading a second before it kills, and that
    /// second is for saving.
    static func output(_ text: String, terminator: String = "\n") {
        var rest = Array((text + terminator).utf8)[...]
        while !rest.isEmpty {
            var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&descriptor, 1, 100) > 0 else {
                if StopSignals.isRaised { return }
                continue
            }
            let written = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written > 0 { rest = rest.dropFirst(written) }
            if written < 0, errno != EINTR, errno != EAGAIN { return }
        }
    }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
