package import FedCore

/// Where a collector of OpenTelemetry listens: `http://HOST[:PORT][/PATH]`.
///
/// What is read here goes into the head of a request, so nothing but the characters of a host and of a path may be in it:
/// an address with a line break could add headers.
package struct HTTPAddress: Sendable, Equatable {
    /// A name or a number; of IPv6 without the brackets.
    package let host: String
    /// In [1, 65,535].
    package let port: Int
    /// What stands before `/v1/traces`, without a slash at its end.
    package let path: String

    /// The port of OTLP over HTTP, which is meant where none is given.
    package static let standardPort = 4318

    /// Reads an address.
    ///
    /// - Throws: `ConfigurationError` for anything else, and for `https`, which needs TLS.
    package init(_ text: String) throws(ConfigurationError) {
        func refusal(_ reason: String) -> ConfigurationError {
            ConfigurationError("--otlp '\(text)': \(reason)")
        }
        guard !text.lowercased().hasPrefix("https:") else {
            throw refusal(
                "fedmpi has no TLS; send to a collector on this host, http://127.0.0.1:\(Self.standardPort), "
                    + "which passes it on")
        }
        guard text.lowercased().hasPrefix("http://") else {
            throw refusal("expected http://HOST:PORT, such as http://127.0.0.1:\(Self.standardPort)")
        }
        let rest = text.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" }
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        guard !authority.contains("@"), path.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !path.contains("?"),
            !path.contains("#")
        else { throw refusal("expected http://HOST:PORT[/PATH], without a user, a query and a fragment") }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw refusal("the address has no ]") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw refusal("expected :PORT behind ]") }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        let letters = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_:%".utf8.contains(byte)
            }
        }
        guard !host.isEmpty, letters else { throw refusal("there is no host in it") }
        guard let number = port.map({ Int($0) }) ?? Self.standardPort, (1...65_535).contains(number) else {
            throw refusal("the port must be a number from 1 to 65535")
        }
        (self.host, self.port, self.path) = (String(host), number, path)
    }

    /// As the header `Host` has it.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    /// As a person reads it.
    package var text: String { "http://\(authority)\(path)" }
}
