/// A round came to fewer updates than it needs.
public struct TooFewUpdates: Error, Equatable, CustomStringConvertible {
    public let round: Int
    public let updates: Int
    /// `--min-clients`.
    public let needed: Int
    /// Exchanges so far.
    public let attempts: Int
    /// What may be the cause.
    public var hint: String?

    public var description: String {
        "round \(round) had \(updates) of the \(needed) updates it needs, "
            + (attempts == 1 ? "at its first attempt" : "at attempt \(attempts)") + (hint.map { "; \($0)" } ?? "")
    }
}
