/// Which exchange of a run: a round that came to too little is repeated under its number with another attempt.
package struct RoundID: Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    package var number: Int
    /// From 0.
    package var attempt: Int

    /// What fits the update's envelope.
    package static let largestAttempt = 65_535

    /// The evaluation by the clients after a round. No round has as many attempts.
    package static func evaluation(after round: Int) -> RoundID { RoundID(round, attempt: largestAttempt) }

    package init(_ number: Int, attempt: Int = 0) {
        self.number = number
        self.attempt = attempt
    }

    package var description: String { attempt == 0 ? "\(number)" : "\(number), attempt \(attempt + 1)" }
}
