public import FedCore

/// What one rank logged, on the run's time axis: rank 0's clock, drift removed, the starts of a continued run laid end to
/// end.
public struct RankTiming: Sendable {
    /// Its number in the job.
    public let rank: Int
    /// The node that it ran on.
    public let host: String
    /// In order of time.
    public internal(set) var events: [TimingEvent] = []
    /// The starts of the run that the rank logged, in order of time; together they are all of its events.
    public internal(set) var sessions: [Session] = []
    /// Nil when the rank did not come to write it.
    public internal(set) var messages: [MessageCount]?
    /// Whether the rank came to its end the last time it was started.
    public internal(set) var isComplete = false
    /// Microseconds from the first to the last event, of each start.
    public internal(set) var wall = 0

    /// What a rank logged in one start of the run.
    public struct Session: Sendable, Equatable {
        /// Place of the start in ``RunTiming/starts``.
        public let index: Int
        /// Places in ``RankTiming/events``.
        public let events: Range<Int>
    }

    /// Makes the timing of a rank that has logged nothing yet.
    public init(rank: Int, host: String) {
        self.rank = rank
        self.host = host
    }

    /// `host` and number, as a person would name it.
    public var name: String { "rank \(rank) (\(host))" }
}
