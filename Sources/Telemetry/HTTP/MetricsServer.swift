package import FedCore
import Foundation
import Glibc
import Synchronization

/// Serves `/metrics` and `/healthz` over HTTP/1.1, for Prometheus, on a thread of its own.
///
/// One thread waits for all connections at once; each is for one request, has five seconds for it, and there are at most
/// eight: who comes then waits in the kernel's queue. Nobody who connects, however slow, costs the run more than the
/// making of a page.
///
/// A connection is read until its request is whole, written until its answer is, and then read until the other side closes:
/// a server that closes while bytes are unread has the kernel reset the connection, and the answer may be lost on its
/// way (RFC 9112, section 9.6).
///
/// It listens on the loopback interface, because a page without passwords is for this host alone: who wants it elsewhere
/// puts a proxy before it. The names of settings and data sets are in it.
package final class MetricsServer: Sendable {
    /// The address as it was given.
    package let host: String
    /// The port, also where the system has chosen it.
    package let port: Int
    /// The socket that listens.
    private let listener: Socket
    /// A pipe that wakes the thread when it is to end.
    private let wake: (read: Int32, write: Int32)
    private let isStopped = Atomic(false)
    /// Makes the page `/metrics`; called on the server's thread.
    private let page: @Sendable () -> String

    /// The most connections at a time.
    private static let connections = 8
    /// The time for a request and its answer.
    private static let patience = Duration.seconds(5)

    /// Binds the port and begins to answer.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: 0 lets the system choose one that is free.
    ///   - page: makes the page `/metrics`; called on the server's thread.
    /// - Throws: `ConfigurationError` when the port cannot be had.
    package init(host: String = "127.0.0.1", port: Int, page: @escaping @Sendable () -> String)
        throws(ConfigurationError)
    {
        let socket: Socket
        do {
            socket = try Socket.open(host, port: port, isPassive: true) { descriptor, address, length in
                var yes: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
                return bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0 ? 0 : errno
            }
        } catch {
            throw ConfigurationError("--metrics-port \(port): \(host) cannot listen there: \(error)")
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let reason = String(cString: strerror(errno))
            socket.close()
            throw ConfigurationError("--metrics-port \(port): \(reason)")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (self.host, self.page, listener, wake) = (host, page, socket, (ends[0], ends[1]))
        self.port = Self.port(of: socket) ?? port
        let thread = Thread { [self] in serve() }
        thread.name = "metrics"
        thread.start()
    }

    /// Where the page is.
    package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/metrics" }

    /// Ends the thread, which closes everything; a second call does nothing.
    package func stop() {
        if !isStopped.exchange(true, ordering: .relaxed) { _ = Glibc.close(wake.write) }
    }

    /// The port that a socket is bound to.
    private static func port(of socket: Socket) -> Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.descriptor, $0, &length) }
        }
        guard code == 0 else { return nil }
        // The port stands in the same place in the addresses of both families.
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }

    // MARK: The thread

    /// A connection: what has come, what is to go, and how long it may last.
    private struct Connection {
        let socket: Socket
        let deadline: ContinuousClock.Instant
        var received: [UInt8] = []
        /// Nil until the request is whole.
        var answer: [UInt8]?
        var sent = 0
        /// Everything is sent: what still comes is read away, because closing earlier would take back the answer.
        var isDraining = false
    }

    /// Waits and answers until ``stop()`` is called.
    private func serve() {
        Socket.ignoreSignalsInThread()
        var open: [Connection] = []
        defer {
            for connection in open { connection.socket.close() }
            listener.close()
            _ = Glibc.close(wake.read)
        }
        while true {
            var waits = [pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)]
            waits += open.map {
                let events = $0.answer != nil && !$0.isDraining ? POLLOUT : POLLIN
                return pollfd(fd: $0.socket.descriptor, events: Int16(events), revents: 0)
            }
            if open.count < Self.connections {
                waits.append(pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0))
            }
            let next = open.map(\.deadline).min()
            Socket.wait(&waits, atMost: next.map { max(.zero, $0 - .now) } ?? .seconds(3_600))
            if waits[0].revents != 0 { return }
            let now = ContinuousClock.now
            var kept: [Connection] = []
            for (var connection, wait) in zip(open, waits[1...]) {
                if now < connection.deadline, wait.revents == 0 || advance(&connection) {
                    kept.append(connection)
                } else {
                    connection.socket.close()
                }
            }
            open = kept
            accept(into: &open, now)
        }
    }

    /// Takes new connections, as far as there is room.
    private func accept(into open: inout [Connection], _ now: ContinuousClock.Instant) {
        while open.count < Self.connections {
            let descriptor = Glibc.accept(listener.descriptor, nil, nil)
            guard descriptor >= 0 else {
                // Without a free descriptor it would be asked again at once, and for ever.
                if errno == EMFILE || errno == ENFILE { usleep(100_000) }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            open.append(Connection(socket: Socket(descriptor: descriptor), deadline: now + Self.patience))
        }
    }

    /// Reads, answers, writes: what can be done without waiting.
    ///
    /// - Returns: false when the connection is over.
    private func advance(_ connection: inout Connection) -> Bool {
        if connection.isDraining {
            var rest: [UInt8] = []
            switch connection.socket.read(into: &rest) {
            case .done(0), .failed: return false
            case .done, .later: return true
            }
        }
        if connection.answer == nil {
            switch connection.socket.read(into: &connection.received) {
            case .done(0), .failed: return false
            case .later: return true
            case .done: break
            }
            guard let (answer, hasBody) = HTTPAnswer.to(HTTPRequest.parse(connection.received), metrics: page) else {
                return true
            }
            connection.answer = answer.bytes(withBody: hasBody)
        }
        let answer = connection.answer ?? []
        switch connection.socket.write(answer, from: connection.sent) {
        case .failed: return false
        case .later: return true
        case .done(let count): connection.sent += count
        }
        if connection.sent == answer.count {
            shutdown(connection.socket.descriptor, Int32(SHUT_WR))
            connection.isDraining = true
        }
        return true
    }
}
