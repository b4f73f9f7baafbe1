import Foundation

/// Standard error for the last words of a process that is about to end, or to end another.
enum StandardError {
    /// Writes a line, unbuffered. While the output is full it waits and tries again; on any other error the rest of the
    /// line is dropped, because there is nobody to tell.
    static func write(_ line: String) {
        var rest = Array("\(line)\n".utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
                continue
            }
            guard written < 0, errno == EINTR || errno == EAGAIN else { return }
            var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            _ = poll(&descriptor, 1, 100)
        }
    }
}
