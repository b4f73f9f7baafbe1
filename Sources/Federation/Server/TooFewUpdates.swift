/// A round, and its repetitions, came to fewer updates than it needs: the run stops with a checkpoint.
public struct TooFewUpdates: Error, Equatable, CustomStringConvertible {
    public let round: Int
    /// Updates that counted in the last attempt.
    public let updates: Int
    /// Updates that a round needs: `--min-clients`, or what the aggregation needs.
    public let needed: Int
    /// Exchanges of this round so far.
    public let attempts: Int
    /// A probable cause, such as divergence; nil when there is no guess.
    public var hint: String?

    public var description: String {
        "round \(round) had \(updates) of the \(needed) updates it needs, "
            + (attempts == 1 ? "at its first attempt" : "at attempt \(attempts)") + (hint.map { "; \($0)" } ?? "")
    }
}
