public import FedCore

/// How a user names a version of a registered model.
///
/// | | |
/// |---|---|
/// | `digits@3` | version 3 |
/// | `digits@champion` | the version that the alias means now |
/// | `digits@latest` | the newest version |
/// | `digits@sha256:1f3a9c` | the version whose digest begins so |
public struct ModelReference: Sendable, Equatable, CustomStringConvertible {
    /// Which of a model's versions is meant.
    public enum Selector: Sendable, Equatable {
        /// The newest version, whatever aliases mean.
        case latest
        /// A number, from 1.
        case version(Int)
        /// A word that has been given to a version.
        case alias(String)
        /// Hexadecimal digits that a digest begins with.
        case digest(String)
    }

    /// The name that all versions of the model have.
    public let name: String
    /// What stands behind the `@`.
    public let selector: Selector
    /// As the user gave it.
    public let description: String

    /// The word that always means the newest version.
    public static let latest = "latest"
    /// What stands before the digits of a digest.
    private static let digestMark = "sha256:"

    /// Reads a reference.
    /// - Throws: `ConfigurationError` when it is none.
    public init(_ text: String) throws(ConfigurationError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw ConfigurationError("'\(text.printable)' names no version: say NAME@3, NAME@champion or NAME@latest")
        }
        name = try Self.checked(name: parts[0])
        description = text
        let word = parts[1]
        if word == Self.latest {
            selector = .latest
        } else if let number = Int(word) {
            guard number > 0 else { throw ConfigurationError("'\(text.printable)': versions count from 1") }
            selector = .version(number)
        } else if word.hasPrefix(Self.digestMark) {
            let digits = word.dropFirst(Self.digestMark.count).lowercased()
            guard (6...64).contains(digits.count), digits.allSatisfy(\.isHexDigit) else {
                throw ConfigurationError("'\(text.printable)': after sha256: come 6 to 64 hexadecimal digits")
            }
            selector = .digest(digits)
        } else {
            selector = .alias(try Self.checked(alias: word))
        }
    }

    /// Refuses what cannot be a model's name: it stands in references and on command lines, and must not be taken for a path or an
    /// option there.
    /// - Returns: the name.
    public static func checked(name: String) throws(ConfigurationError) -> String {
        guard isWord(name) else {
            throw ConfigurationError(
                "'\(name.printable)' is no name for a model: take letters, digits, '-', '_' and '.', 100 at most")
        }
        return name
    }

    /// Refuses what cannot be an alias, or means something else behind the `@`: a number is a version, `latest` the newest.
    /// - Returns: the alias.
    public static func checked(alias: String) throws(ConfigurationError) -> String {
        guard isWord(alias), Int(alias) == nil, alias != latest else {
            throw ConfigurationError(
                "'\(alias.printable)' is no alias: take a word such as champion; numbers are versions, and latest is the "
                    + "newest one")
        }
        return alias
    }

    /// Letters, digits and marks that no shell and no path takes for something else; at most 100, and no mark first.
    private static func isWord(_ text: String) -> Bool {
        let marks: [Character] = ["-", "_", "."]
        guard (1...100).contains(text.count), let first = text.first, !marks.contains(first) else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || marks.contains($0) }
    }
}
