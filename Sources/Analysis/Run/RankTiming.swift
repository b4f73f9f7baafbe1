public import FedCore

/// What one rank logged, on the run's time axis: rank 0's clock, drift removed, the starts of a continued run laid end to
/// end.
public struct RankTiming: Sendable {
    public let rank: Int
    public let host: String
    /// In order of time.
    public internal(set) var events: [TimingEvent] = []
    /// Nil when the rank did not come to write it.
    public internal(set) var messages: [MessageCount]?
    /// Whether the rank came to its end the last time it was started.
    public internal(set) var isComplete = false
    /// Microseconds from the first to the last event, of each start.
    public internal(set) var wall = 0

    public init(rank: Int, host: String) {
        self.rank = rank
        self.host = host
    }

    /// `host` and number, as a person would name it.
    public var name: String { "rank \(rank) (\(host))" }
}
