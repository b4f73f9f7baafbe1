/// An error that is the user's to mend. Its description is one line; the exit code is 2.
public protocol UserError: Error, CustomStringConvertible {}

/// The user asked for something that cannot be done. The message says what is accepted; it is printed once, by rank 0,
/// and the exit code is 2.
public struct ConfigurationError: UserError, Equatable {
    /// One line, lower case, without a full stop.
    public let description: String

    /// An error with this one line.
    public init(_ description: String) {
        self.description = description
    }

    /// A name that is not in a catalog: lists what is, and names the nearest if one is near.
    public init(unknown what: String, _ name: String, choices: [String]) {
        self.init(
            "unknown \(what) '\(name)'; choose one of: \(choices.joined(separator: ", "))"
                + NearestName.hint(for: name, among: choices))
    }
}
