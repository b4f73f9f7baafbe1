import Cryptography
public import FedCore
import Files
import Foundation

/// The tokens that open the dashboard. Only their digests are kept: who reads the file cannot use it to come in.
///
/// The file has a line for each token: name, role, SHA-256 of the token in hexadecimal, and, if it ends, the day, as in
/// `alice run 9f86d0… 2027-01-31`. Lines that begin with `#` are comments.
public struct Tokens: Sendable {
    /// One token.
    struct Entry: Sendable, Equatable {
        let caller: Caller
        /// SHA-256 of the token, in hexadecimal.
        let digest: String
        /// The first day on which it is refused; nil: never.
        let end: Date?
    }

    /// All of them.
    private let entries: [Entry]

    /// A single token with every right, for a dashboard that one person starts for themselves.
    public init(administrator token: String) {
        entries = [Entry(caller: Caller(name: "admin", role: .admin), digest: Self.digest(of: token), end: nil)]
    }

    /// Reads a file.
    ///
    /// - Throws: `ConfigurationError` when it cannot be read, others than its owner may read it, or a line is none of a token.
    public init(file: String) throws(ConfigurationError) {
        var status = stat()
        guard stat(file, &status) == 0 else { throw ConfigurationError("cannot read the tokens in '\(file)'") }
        guard status.st_mode & 0o077 == 0 else {
            throw ConfigurationError("'\(file)' can be read by others: chmod 600 '\(file)'")
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ConfigurationError("cannot read the tokens in '\(file)'")
        }
        var entries: [Entry] = []
        for (place, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            guard (3...4).contains(words.count), let role = Role(rawValue: words[1]), words[2].count == 64,
                words[2].allSatisfy(\.isHexDigit), let end = Self.day(words.count == 4 ? words[3] : nil)
            else {
                throw ConfigurationError(
                    "'\(file)', line \(place + 1): a token's line is NAME read|run|admin SHA-256 [YYYY-MM-DD]")
            }
            entries.append(
                Entry(caller: Caller(name: words[0], role: role), digest: words[2].lowercased(), end: end))
        }
        guard !entries.isEmpty else { throw ConfigurationError("'\(file)' has no token: nobody could come in") }
        self.entries = entries
    }

    /// Who a token belongs to; nil when nobody does, or it has ended.
    func caller(with token: String, at now: Date = .now) -> Caller? {
        let digest = Self.digest(of: token)
        // Digests are compared, so that the time of a comparison tells nothing of a token.
        return entries.first { $0.digest == digest && ($0.end.map { now < $0 } ?? true) }?.caller
    }

    /// A new token: 32 random bytes in hexadecimal.
    public static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let word = UInt64.random(in: .min ... .max, using: &generator)
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The line of a file for a new token.
    public static func line(name: String, role: Role, token: String) -> String {
        "\(name) \(role.rawValue) \(digest(of: token))"
    }

    /// SHA-256 in hexadecimal.
    private static func digest(of token: String) -> String { SHA256.hash(Array(token.utf8)).hexadecimal }

    /// A day's begin in UTC; some nil: no day is given; nil: it is none.
    private static func day(_ text: String?) -> Date?? {
        guard let text else { return .some(nil) }
        let numbers = text.split(separator: "-").compactMap { Int32($0) }
        guard text.count == 10, numbers.count == 3, (1...12).contains(numbers[1]), (1...31).contains(numbers[2])
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        return .some(Date(timeIntervalSince1970: Double(timegm(&parts))))
    }
}
