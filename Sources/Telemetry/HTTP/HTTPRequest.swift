/// The head of an HTTP/1.1 request as far as a server of two pages needs it (RFC 9112).
package struct HTTPRequest: Equatable {
    /// What the bytes so far are.
    package enum Parsed: Equatable {
        /// More is to come.
        case incomplete
        /// No request.
        case malformed
        /// More than anybody needs for a request to this server.
        case tooLarge
        /// A request whose head has ended.
        case whole(HTTPRequest)
    }

    /// Such as `GET`.
    package let method: String
    /// What is asked for, without a query.
    package let path: String

    /// The most bytes of a head.
    static let limit = 8_192

    /// Reads a head; a body, if one is announced, is not looked at.
    package static func parse(_ bytes: [UInt8]) -> Parsed {
        guard let end = endOfHead(bytes) else { return bytes.count > limit ? .tooLarge : .incomplete }
        guard end <= limit else { return .tooLarge }
        let lines = bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
        }
        guard let first = lines.first else { return .malformed }
        let words = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 3, words[0].utf8.allSatisfy(isToken), !words[0].isEmpty, words[1].hasPrefix("/"),
            words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0",
            lines.dropFirst().allSatisfy({ $0.contains(UInt8(ascii: ":")) && $0.first.map(isToken) ?? false })
        else { return .malformed }
        let path = words[1].prefix { $0 != "?" && $0 != "#" }
        return .whole(HTTPRequest(method: words[0], path: String(path)))
    }

    /// Where the empty line begins that ends the head.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        var i = 0
        while let newline = bytes[i...].firstIndex(of: UInt8(ascii: "\n")) {
            let rest = bytes[(newline + 1)...]
            if rest.first == UInt8(ascii: "\n") || rest.starts(with: [UInt8(ascii: "\r"), UInt8(ascii: "\n")]) {
                return newline
            }
            i = newline + 1
        }
        return nil
    }

    /// Whether a byte may stand in a method or a header's name (RFC 9110, *token*).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// What a server of two pages answers.
///
/// `/metrics` is the page for Prometheus, `/healthz` says that the process lives. Both take `GET` and `HEAD`; what else comes has
/// the code of HTTP for it: 400, 404, 405, 431.
package struct HTTPAnswer: Equatable {
    /// The code and its words, such as `200 OK`.
    package let status: String
    /// The `Content-Type`.
    package let type: String
    /// The page; of `HEAD` its length alone is sent.
    package let body: String
    /// Headers beside those of every answer, with their line ends.
    var headers = ""

    /// Makes an answer in plain text, a line.
    static func plain(_ status: String, headers: String = "") -> HTTPAnswer {
        HTTPAnswer(status: status, type: "text/plain; charset=utf-8", body: status + "\n", headers: headers)
    }

    /// Answers what has come.
    ///
    /// - Parameters:
    ///   - parsed: a request, or what is no request.
    ///   - metrics: makes the page `/metrics`.
    /// - Returns: nil while a request is incomplete.
    package static func to(_ parsed: HTTPRequest.Parsed, metrics: () -> String) -> (answer: HTTPAnswer, hasBody: Bool)?
    {
        switch parsed {
        case .incomplete: return nil
        case .malformed: return (plain("400 Bad Request"), true)
        case .tooLarge: return (plain("431 Request Header Fields Too Large"), true)
        case .whole(let request):
            let isHead = request.method == "HEAD"
            guard ["/metrics", "/healthz"].contains(request.path) else { return (plain("404 Not Found"), !isHead) }
            guard request.method == "GET" || isHead else {
                return (plain("405 Method Not Allowed", headers: "Allow: GET, HEAD\r\n"), true)
            }
            guard request.path == "/metrics" else { return (plain("200 OK"), !isHead) }
            return (HTTPAnswer(status: "200 OK", type: PrometheusText.contentType, body: metrics()), !isHead)
        }
    }

    /// The answer as it is sent. Every connection is for one request.
    func bytes(withBody: Bool) -> [UInt8] {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)"
            + "Connection: close\r\n\r\n"
        return Array(head.utf8) + (withBody ? Array(body.utf8) : [])
    }
}
