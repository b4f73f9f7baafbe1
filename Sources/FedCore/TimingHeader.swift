/// How a rank's clock stood to rank 0's, by ping-pong.
public struct ClockReading: Sendable, Equatable {
    /// When it was measured, in microseconds since the run's start.
    public var at: Int
    /// What was added to the rank's clock to get rank 0's, in microseconds.
    public var offset: Double
    /// Half of the shortest round trip: the offset is no further off, in microseconds.
    public var error: Double

    public init(at: Int, offset: Double, error: Double) {
        self.at = at
        self.offset = offset
        self.error = error
    }
}

/// What a timing file says of its rank, once for each time that the run was started.
public struct TimingHeader: Sendable, Equatable {
    public var rank: Int
    /// Ranks of the job.
    public var ranks: Int
    public var host: String
    /// Process number.
    public var process: Int
    /// Unix time of the run's start on rank 0's clock, in microseconds; the same on every rank.
    public var epoch: Int
    public var clockAtStart: ClockReading?
    /// Missing when the rank did not come to its end.
    public var clockAtEnd: ClockReading?

    public init(
        rank: Int, ranks: Int, host: String, process: Int, epoch: Int, clockAtStart: ClockReading? = nil,
        clockAtEnd: ClockReading? = nil
    ) {
        self.rank = rank
        self.ranks = ranks
        self.host = host
        self.process = process
        self.epoch = epoch
        self.clockAtStart = clockAtStart
        self.clockAtEnd = clockAtEnd
    }
}
