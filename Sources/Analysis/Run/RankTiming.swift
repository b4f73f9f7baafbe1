public import FedCore

/// What one rank logged, on the run's time axis: rank 0's clock, drift removed, the starts of a continued run laid end
/// to end.
public struct RankTiming: Sendable {
    /// Its number in the job, as the log's last header tells it; 0 is the server.
    public let rank: Int
    /// The node that it ran on the last time that it was started.
    public let host: String
    /// The nodes that it ran on, in order of time, each once: a run may be continued elsewhere.
    public internal(set) var hosts: [String]
    /// In order of time over all starts. Phases of a rank do not overlap in a log of this program; in one that somebody
    /// made up they may.
    public internal(set) var events: [TimingEvent] = []
    /// The starts of the run that the rank logged, in order of time; together they are all of its events.
    public internal(set) var sessions: [Session] = []
    /// Messages by MPI function and peer, of all starts; nil when the rank did not come to write them.
    public internal(set) var messages: [MessageCount]?
    /// Whether the rank came to its end the last time it was started.
    public internal(set) var isComplete = false
    /// Microseconds from the first to the last event, of each start, added up.
    public internal(set) var wall = 0

    /// What processors did in all its starts; nil unless each came to its end and told.
    public internal(set) var processor: ProcessorUse?

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
        hosts = [host]
    }

    /// Number and hosts, as a person would name it: `rank 3 (node1)`.
    public var name: String { "rank \(rank) (\(hostNames))" }

    /// The hosts as one text: `node1, node2`.
    var hostNames: String { hosts.joined(separator: ", ") }
}
