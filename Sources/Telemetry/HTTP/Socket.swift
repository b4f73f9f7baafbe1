import Foundation
import Glibc

/// A TCP socket that never blocks, and that programs which are started do not inherit.
///
/// The little that a page and a request need of POSIX: every call returns at once and says whether it is to be tried again
/// when ``wait(_:atMost:)`` says so. A connection that the other side has closed is a failed write, never a signal.
struct Socket {
    /// The open file.
    let descriptor: Int32

    /// What a call could not do yet, or will never.
    enum Outcome {
        /// So many bytes; 0 of a read is the other side's end.
        case done(Int)
        /// Nothing now: try again when `poll` says so.
        case later
        case failed
    }

    /// Waits until one of the sockets is ready, a signal comes or the time is up.
    static func wait(_ waits: inout [pollfd], atMost time: Duration) {
        let (seconds, attoseconds) = time.components
        let milliseconds = max(0, min(Int(seconds), 3_600) * 1_000 + Int(attoseconds / 1_000_000_000_000_000) + 1)
        _ = poll(&waits, nfds_t(waits.count), Int32(milliseconds))
    }

    /// Reads what is there, at most `limit` bytes, and appends it.
    func read(into bytes: inout [UInt8], atMost limit: Int = 65_536) -> Outcome {
        var piece = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &piece, limit, 0)
        if count >= 0 { bytes += piece[..<count] }
        return Self.outcome(count)
    }

    /// Writes what there is room for, from a place on.
    func write(_ bytes: [UInt8], from start: Int) -> Outcome {
        let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start, Int32(MSG_NOSIGNAL))
        }
        return Self.outcome(count)
    }

    /// Closes it.
    func close() { _ = Glibc.close(descriptor) }

    /// A count, or what `errno` says.
    private static func outcome(_ count: Int) -> Outcome {
        if count >= 0 { return .done(count) }
        return [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) ? .later : .failed
    }

    /// Makes a socket, and calls `body` with each address of a host until one works.
    ///
    /// - Parameters:
    ///   - host: a name or a number, of IPv4 or IPv6.
    ///   - port: in [0, 65,535].
    ///   - isPassive: whether it is to listen.
    ///   - body: binds or connects; returns `errno`, or 0 when it could.
    /// - Returns: the socket.
    /// - Throws: ``HTTPFailure`` with the last reason.
    static func open(
        _ host: String, port: Int, isPassive: Bool, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(HTTPFailure) -> Socket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (isPassive ? AI_PASSIVE : 0)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0 else { throw HTTPFailure(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(found) }
        var reason = "there is no such address"
        var next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            let kind = entry.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(entry.ai_family, kind, entry.ai_protocol)
            guard descriptor >= 0, let address = entry.ai_addr else {
                reason = String(cString: strerror(errno))
                continue
            }
            let failure = body(descriptor, address, entry.ai_addrlen)
            if failure == 0 { return Socket(descriptor: descriptor) }
            reason = String(cString: strerror(failure))
            _ = Glibc.close(descriptor)
        }
        throw HTTPFailure(reason)
    }

    /// Leaves all signals to the threads of the run: the calling thread gets none from here on.
    static func ignoreSignalsInThread() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
    }
}

/// The reason why a connection cannot be used, in words.
package struct HTTPFailure: Error, CustomStringConvertible, Equatable {
    package let description: String

    /// Keeps a reason.
    init(_ reason: String) { description = reason }
}
