public import FedCore
import Foundation
import Glibc

/// Answers `GET /metrics` and `GET /healthz` on the loopback interface, in one thread of its own.
///
/// No web server: one request a connection, a few connections at once, each with little time. Whatever comes, the run goes on.
public final class MetricsServer: Sendable {
    /// The port that it listens on.
    public let port: Int
    /// What listens.
    private let listener: Int32

    /// Connections at once; more wait in the kernel's queue.
    private static let most = 16
    /// Bytes of a request's head.
    private static let longestHead = 8192
    /// From a connection's begin to its answer.
    private static let patience = Duration.seconds(5)

    /// Listens, and answers from then on until the process ends.
    ///
    /// - Parameters:
    ///   - port: 0: any that is free.
    ///   - text: makes the text of `/metrics`; called on the server's thread.
    /// - Throws: ``ConfigurationError`` when the port is taken, or may not be used.
    public init(port: Int, text: @escaping @Sendable () -> String) throws(ConfigurationError) {
        func failure() -> ConfigurationError {
            ConfigurationError("--metrics-port is \(port); cannot listen there: \(String(cString: strerror(errno)))")
        }
        let listener = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard listener >= 0 else { throw failure() }
        var isReused: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isBound else {
            let error = failure()
            close(listener)
            throw error
        }
        self.listener = listener
        self.port = Int(in_port_t(bigEndian: address.sin_port))
        let thread = Thread { Self.serve(listener, text) }
        thread.name = "metrics"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Where the figures are.
    public var address: String { "http://127.0.0.1:\(port)/metrics" }

    // MARK: The thread

    /// A connection and what it has sent.
    private struct Connection {
        let descriptor: Int32
        let end: ContinuousClock.Instant
        var head: [UInt8] = []
    }

    /// Accepts, reads, answers, closes: for as long as the process lives.
    private static func serve(_ listener: Int32, _ text: () -> String) {
        var connections: [Connection] = []
        while true {
            var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            let accepts = connections.count < most
            if accepts { polled.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
            // A second at most, so that connections that are silent are closed in time.
            guard poll(&polled, nfds_t(polled.count), connections.isEmpty ? -1 : 1000) >= 0 || errno == EINTR else {
                return
            }
            let now = ContinuousClock.now
            var kept: [Connection] = []
            for (place, connection) in connections.enumerated() {
                var connection = connection
                if polled[place].revents != 0, !read(&connection, text) { continue }
                if now > connection.end {
                    answer(connection.descriptor, "408 Request Timeout", "text/plain", "too slow\n")
                } else {
                    kept.append(connection)
                }
            }
            connections = kept
            if accepts, polled[polled.count - 1].revents != 0 {
                let descriptor = accept(listener, nil, nil)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
                if descriptor >= 0 { connections.append(Connection(descriptor: descriptor, end: now + patience)) }
            }
        }
    }

    /// Reads what is there, and answers once the head is whole.
    ///
    /// - Returns: whether the connection is still open.
    private static func read(_ connection: inout Connection, _ text: () -> String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = recv(connection.descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return true }
        guard count > 0 else {
            close(connection.descriptor)
            return false
        }
        connection.head += buffer[..<count]
        let head = String(decoding: connection.head, as: UTF8.self)
        guard head.contains("\r\n\r\n") || head.contains("\n\n") else {
            guard connection.head.count <= longestHead else {
                answer(connection.descriptor, "431 Request Header Fields Too Large", "text/plain", "too long\n")
                return false
            }
            return true
        }
        respond(connection.descriptor, head.prefix { $0 != "\r\n" && $0 != "\n" && $0 != "\r" }, text)
        return false
    }

    /// Answers a request's first line.
    private static func respond(_ descriptor: Int32, _ line: Substring, _ text: () -> String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
            return answer(descriptor, "400 Bad Request", "text/plain", "this is no request\n")
        }
        let path = words[1].prefix { $0 != "?" }
        guard path == "/metrics" || path == "/healthz" else {
            return answer(descriptor, "404 Not Found", "text/plain", "there are /metrics and /healthz\n")
        }
        guard words[0] == "GET" else {
            return answer(descriptor, "405 Method Not Allowed", "text/plain", "only GET\n", more: "Allow: GET\r\n")
        }
        if path == "/healthz" { return answer(descriptor, "200 OK", "text/plain", "ok\n") }
        answer(descriptor, "200 OK", PrometheusText.mediaType, text())
    }

    /// Sends an answer and closes the connection. What its socket does not take at once is waited for a second, and then
    /// given up: a client that does not read must not keep the others waiting.
    private static func answer(_ descriptor: Int32, _ status: String, _ type: String, _ body: String, more: String = "")
    {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(more)Connection: close\r\n\r\n"
        var bytes = Array((head + body).utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent > 0 {
                bytes = bytes.dropFirst(sent)
            } else {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard errno == EAGAIN || errno == EINTR, poll(&waiting, 1, 1000) == 1 else { break }
            }
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
