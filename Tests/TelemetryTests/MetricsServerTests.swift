import FedCore
import Foundation
import Glibc
import Testing

@testable import Telemetry

struct MetricsServerTests {
    /// Sends a request and takes everything that comes until the other side closes.
    private func ask(_ port: Int, _ text: String) throws -> String {
        let socket = try Socket.open("127.0.0.1", port: port, isPassive: false) { descriptor, address, length in
            connect(descriptor, address, length) == 0 || errno == EINPROGRESS ? 0 : errno
        }
        defer { socket.close() }
        func ready(_ events: Int32) {
            var waits = [pollfd(fd: socket.descriptor, events: Int16(events), revents: 0)]
            Socket.wait(&waits, atMost: .seconds(5))
        }
        ready(POLLOUT)
        _ = socket.write(Array(text.utf8), from: 0)
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(8)
        while ContinuousClock.now < deadline {
            ready(POLLIN)
            switch socket.read(into: &bytes) {
            case .done(0), .failed: return String(decoding: bytes, as: UTF8.self)
            case .done, .later: break
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `It answers while somebody else holds connections and says nothing`() throws {
        let server = try MetricsServer(port: 0) { "page\n" }
        defer { server.stop() }
        #expect(server.port > 0 && server.url == "http://127.0.0.1:\(server.port)/metrics")
        // Seven of eight places.
        let silent = try (0..<7).map { _ in
            try Socket.open("127.0.0.1", port: server.port, isPassive: false) { descriptor, address, length in
                connect(descriptor, address, length) == 0 || errno == EINPROGRESS ? 0 : errno
            }
        }
        defer { for socket in silent { socket.close() } }
        for _ in 0..<20 {
            let answer = try ask(server.port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\npage\n"))
        }
        #expect(try ask(server.port, "POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").contains(" 405 "))
        #expect(try ask(server.port, "\u{16}\u{3}\r\n\r\n").contains(" 400 "))
    }

    @Test func `A page larger than a socket's memory comes whole`() throws {
        let page = String(repeating: "0123456789abcdef", count: 1 << 19)
        let server = try MetricsServer(port: 0) { page }
        defer { server.stop() }
        #expect(try ask(server.port, "GET /metrics HTTP/1.1\r\n\r\n").hasSuffix(page))
    }

    @Test func `A port in use is refused in a line`() throws {
        let server = try MetricsServer(port: 0) { "" }
        defer { server.stop() }
        let error = #expect(throws: ConfigurationError.self) { try MetricsServer(port: server.port) { "" } }
        #expect(
            "\(try #require(error))"
                == "--metrics-port \(server.port): 127.0.0.1 cannot listen there: Address already in use")
    }
}
