import Foundation
import Glibc

/// What a server answered to a request.
///
/// Read from what somebody else sends: it is bounded, it never traps, and what is not HTTP is an error. Bodies end by their
/// length, by their last chunk, or with the connection (RFC 9112, section 6.3).
package struct HTTPReply: Equatable {
    /// Such as 200.
    package let status: Int
    /// Seconds after which to try again, by `Retry-After`; nil where it does not say, or says a date.
    package var retryAfter: Double?
    /// The body, chunks put together.
    package var body: [UInt8] = []

    /// Reads an answer.
    ///
    /// - Parameters:
    ///   - bytes: what has come.
    ///   - isWhole: whether nothing follows, because the server has closed the connection.
    /// - Returns: nil while it is incomplete.
    /// - Throws: ``HTTPFailure`` when it is no answer of HTTP.
    package static func parse(_ bytes: [UInt8], isWhole: Bool) throws(HTTPFailure) -> HTTPReply? {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
            guard !isWhole, bytes.count < 65_536 else { throw HTTPFailure("the answer is not HTTP") }
            return nil
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
            (100...599).contains(status)
        else { throw HTTPFailure("the answer is not HTTP") }
        func header(_ name: String) -> String? {
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name {
                    return parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        }
        var reply = HTTPReply(status: status)
        reply.retryAfter = header("retry-after").flatMap { Double($0) }.flatMap { $0 >= 0 ? $0 : nil }
        let body = Array(bytes[(end + mark.count)...])
        if header("transfer-encoding")?.lowercased().contains("chunked") == true {
            guard let content = chunks(body) else { return isWhole ? reply : nil }
            reply.body = content
        } else if let length = header("content-length").flatMap({ Int($0) }), length >= 0 {
            guard body.count >= length || isWhole else { return nil }
            reply.body = Array(body.prefix(length))
        } else {
            guard isWhole || status == 204 else { return nil }
            reply.body = body
        }
        return reply
    }

    /// The content of a chunked body; nil while its last chunk is missing.
    private static func chunks(_ body: [UInt8]) -> [UInt8]? {
        var content: [UInt8] = []
        var rest = body[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let digits = String(decoding: rest[..<newline], as: UTF8.self).prefix { $0.isHexDigit }
            guard let length = Int(digits, radix: 16) else { return nil }
            if length == 0 { return content }
            rest = rest[(newline + 1)...]
            guard length <= rest.count - 2 else { return nil }
            content += rest.prefix(length)
            rest = rest.dropFirst(length + 2)
        }
        return nil
    }
}

/// Sends a request over a connection of its own, in a thread that may wait.
///
/// One request a second needs no connection that is kept: nothing has to be noticed when a collector is started anew. There
/// is no TLS in it; a collector on this host has that.
enum HTTPPost {
    /// The most bytes of an answer.
    private static let limit = 1 << 20

    /// Sends a body and takes the answer.
    ///
    /// - Parameters:
    ///   - body: what is sent.
    ///   - type: its `Content-Type`.
    ///   - address: where to.
    ///   - page: what is appended to the address's path.
    ///   - deadline: when it must be done, without the look-up of the host's name; asked ten times a second, because the
    ///     run may end meanwhile.
    /// - Throws: ``HTTPFailure`` when nobody answers in time.
    static func send(
        _ body: [UInt8], type: String, to address: HTTPAddress, page: String,
        until deadline: () -> ContinuousClock.Instant
    ) throws(HTTPFailure) -> HTTPReply {
        let socket = try Socket.open(address.host, port: address.port, isPassive: false) {
            connect($0, $1, $2, deadline)
        }
        defer { socket.close() }
        let head =
            "POST \(address.path)\(page) HTTP/1.1\r\nHost: \(address.authority)\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(body.count)\r\nUser-Agent: fedmpi\r\nConnection: close\r\n\r\n"
        let request = Array(head.utf8) + body
        var sent = 0
        while sent < request.count {
            switch socket.write(request, from: sent) {
            case .done(let count): sent += count
            case .later: try wait(socket.descriptor, POLLOUT, deadline)
            case .failed: throw HTTPFailure("the connection was closed")
            }
        }
        var bytes: [UInt8] = []
        while true {
            switch socket.read(into: &bytes) {
            case .later: try wait(socket.descriptor, POLLIN, deadline)
            case .failed: throw HTTPFailure("the connection was closed")
            case .done(let count):
                if let reply = try HTTPReply.parse(bytes, isWhole: count == 0) { return reply }
                guard bytes.count < limit else { throw HTTPFailure("the answer is too long") }
            }
        }
    }

    /// Connects within the time.
    ///
    /// - Returns: `errno`, 0 when it could.
    private static func connect(
        _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t,
        _ deadline: () -> ContinuousClock.Instant
    ) -> Int32 {
        if Glibc.connect(descriptor, address, length) == 0 { return 0 }
        guard errno == EINPROGRESS else { return errno }
        guard (try? wait(descriptor, POLLOUT, deadline)) != nil else { return ETIMEDOUT }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    /// Waits until the socket is ready.
    private static func wait(
        _ descriptor: Int32, _ events: Int32, _ deadline: () -> ContinuousClock.Instant
    ) throws(HTTPFailure) {
        while true {
            let left = deadline() - .now
            guard left > .zero else { throw HTTPFailure("no answer in time") }
            var waits = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
            Socket.wait(&waits, atMost: min(left, .milliseconds(100)))
            if waits[0].revents != 0 { return }
        }
    }
}
