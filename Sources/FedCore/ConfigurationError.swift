/// An error that the user can mend: wrong settings, or files that do not fit. Its description is one line; the exit
/// code is 2.
public protocol UserError: Error, CustomStringConvertible {}

/// The error for a request that cannot be fulfilled. Its message says what is accepted; it is printed once, by rank 0,
/// and the exit code is 2.
public struct ConfigurationError: UserError, Equatable {
    /// One line, lower case, without a full stop.
    public let description: String

    /// Makes an error with this one line.
    public init(_ description: String) {
        self.description = description
    }

    /// Makes the error for a name that is not in a catalog: it suggests the nearest name, or lists the catalog when none is near.
    /// - Parameters:
    ///   - what: kind of the thing: `strategy`.
    ///   - name: the unknown name.
    ///   - choices: names in the catalog, in the order in which they are listed.
    public init(unknown what: String, _ name: String, choices: [String]) {
        self.init("unknown \(what) '\(name)'; \(NearestName.advice(for: name, among: choices))")
    }
}
