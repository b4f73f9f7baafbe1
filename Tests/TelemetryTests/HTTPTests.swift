import FedCore
import Foundation
import Testing

@testable import Telemetry

/// By RFC 9110 and RFC 9112.
struct HTTPTests {
    private func parse(_ text: String) -> HTTPRequest.Parsed { HTTPRequest.parse(Array(text.utf8)) }

    @Test func `A head is read when it is whole`() {
        guard case .whole(let request) = parse("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n") else {
            Issue.record("not whole")
            return
        }
        #expect(request.method == "GET" && request.path == "/metrics")
        #expect(parse("GET /metrics HTTP/1.1\r\nHost: a\r\n") == .incomplete && parse("") == .incomplete)
        // A recipient may take a line feed alone for the end of a line (RFC 9112, section 2.2).
        guard case .whole = parse("GET / HTTP/1.0\n\n") else {
            Issue.record("not whole")
            return
        }
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET metrics HTTP/1.1\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n", "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n", "GET / HTTP/1.1 more\r\n\r\n",
    ])
    func `What is no request is refused`(text: String) {
        #expect(parse(text) == .malformed)
    }

    @Test func `A head without end is refused`() {
        #expect(parse("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 9_000)) == .tooLarge)
    }

    @Test func `Each request has its answer`() throws {
        func status(_ text: String) throws -> String {
            try #require(HTTPAnswer.to(parse(text), metrics: { "page" })).answer.status
        }
        #expect(try status("GET /metrics HTTP/1.1\r\n\r\n") == "200 OK")
        #expect(try status("GET /healthz HTTP/1.1\r\n\r\n") == "200 OK")
        #expect(try status("GET / HTTP/1.1\r\n\r\n") == "404 Not Found")
        #expect(try status("POST /metrics HTTP/1.1\r\n\r\n") == "405 Method Not Allowed")
        #expect(try status("nonsense\r\n\r\n") == "400 Bad Request")
        #expect(HTTPAnswer.to(.incomplete, metrics: { "" }) == nil)
        let head = try #require(HTTPAnswer.to(parse("HEAD /metrics HTTP/1.1\r\n\r\n"), metrics: { "page" }))
        #expect(!head.hasBody)
        let text = String(decoding: head.answer.bytes(withBody: head.hasBody), as: UTF8.self)
        #expect(text.contains("Content-Length: 4\r\n") && text.hasSuffix("\r\n\r\n"))
        #expect(text.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    }

    @Test func `A collector's address`() throws {
        let address = try HTTPAddress("http://collector.example:4319/otlp/")
        #expect(address.host == "collector.example" && address.port == 4319 && address.path == "/otlp")
        #expect(try HTTPAddress("http://[::1]").text == "http://[::1]:4318")
        #expect(try HTTPAddress("HTTP://127.0.0.1/").text == "http://127.0.0.1:4318")
    }

    @Test(arguments: [
        ("https://collector:4318", "no TLS"), ("collector:4318", "expected http://HOST:PORT"),
        ("http://", "no host"), ("http://a:0", "from 1 to 65535"), ("http://a:b", "from 1 to 65535"),
        ("http://a:65536", "from 1 to 65535"), ("http://a b", "no host"), ("http://user@a", "without a user"),
        ("http://a/b?c", "without a user"), ("http://[::1", "no ]"), ("http://a/\r\nX: y", "without a user"),
    ])
    func `An address that cannot be used is refused in a line`(text: String, reason: String) {
        let error = #expect(throws: ConfigurationError.self) { try HTTPAddress(text) }
        #expect(error.map { "\($0)".contains(reason) && "\($0)".contains("--otlp") } ?? false)
    }

    @Test func `An answer is read when it is whole`() throws {
        func reply(_ text: String, isWhole: Bool = false) throws -> HTTPReply? {
            try HTTPReply.parse(Array(text.utf8), isWhole: isWhole)
        }
        let head = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\n"
        #expect(try reply(head + "ab") == nil)
        let whole = try #require(try reply(head + "abc"))
        #expect(whole.status == 503 && whole.retryAfter == 7 && whole.body == Array("abc".utf8))
        // RFC 9112, section 7.1: chunks of 4 and 5 bytes.
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n"
        #expect(try reply(chunked) == nil)
        #expect(try reply(chunked + "0\r\n\r\n")?.body == Array("Wikipedia".utf8))
        #expect(try reply("HTTP/1.1 200 OK\r\n\r\nabc") == nil)
        #expect(try reply("HTTP/1.1 200 OK\r\n\r\nabc", isWhole: true)?.body == Array("abc".utf8))
        #expect(throws: HTTPFailure.self) { try reply("SSH-2.0-OpenSSH\r\n\r\n") }
        #expect(throws: HTTPFailure.self) { try reply("", isWhole: true) }
    }
}
