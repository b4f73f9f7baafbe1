/// The address of one exchange of a run: the round, and the attempt at it. A round that came to too few updates is
/// repeated under its number with another attempt, so that answers to the first are not taken for answers to the
/// second.
package struct RoundID: Sendable, Equatable, CustomStringConvertible {
    /// The round, from 1; in an asynchronous run the version of the weights, plus one.
    package var number: Int
    /// Repetitions before this one, from 0.
    package var attempt: Int

    /// The largest attempt, which fits the 16 bits of an update's envelope.
    package static let largestAttempt = 65_535

    /// The address of the clients' evaluation after a round. No round has as many attempts.
    package static func evaluation(after round: Int) -> RoundID { RoundID(round, attempt: largestAttempt) }

    /// An exchange of a round.
    package init(_ number: Int, attempt: Int = 0) {
        self.number = number
        self.attempt = attempt
    }

    /// The round as messages name it; attempts count from 1 there.
    package var description: String { attempt == 0 ? "\(number)" : "\(number), attempt \(attempt + 1)" }
}
