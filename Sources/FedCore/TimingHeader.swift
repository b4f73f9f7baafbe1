/// A measurement of a rank's clock against rank 0's, by ping-pong: the events of all ranks are put on one time line by
/// it.
public struct ClockReading: Sendable, Equatable {
    /// Time of the measurement, in microseconds since the run's start.
    public var at: Int
    /// Microseconds that are added to the rank's clock to get rank 0's.
    public var offset: Double
    /// Upper bound of the offset's error, in microseconds: half of the shortest round trip.
    public var error: Double

    /// Describes a measurement.
    public init(at: Int, offset: Double, error: Double) {
        self.at = at
        self.offset = offset
        self.error = error
    }
}

/// What processors did while a rank ran: its own process, and the whole machine, other programs included.
///
/// It tells a slow rank from one whose machine was busy with something else, or whose hypervisor gave it no time.
public struct ProcessorUse: Sendable, Equatable {
    /// Microseconds of the clock, from the start of the rank's time to its end.
    public var wall: Int
    /// Microseconds of processors that the rank's process took, all its threads together.
    public var own: Int
    /// Microseconds that the machine's processors were busy, all together; with ``own`` of its ranks among them.
    public var busy: Int
    /// Microseconds in which the machine's processors wanted to work and the hypervisor ran another machine.
    public var stolen: Int
    /// Microseconds of all the machine's processors, idle ones included.
    public var machine: Int

    /// Describes it.
    public init(wall: Int, own: Int, busy: Int, stolen: Int, machine: Int) {
        (self.wall, self.own, self.busy, self.stolen, self.machine) = (wall, own, busy, stolen, machine)
    }
}

/// The first record of a rank's timing file, written once for each time that the run was started.
public struct TimingHeader: Sendable, Equatable {
    /// The rank that the file belongs to.
    public var rank: Int
    /// Number of ranks of the job.
    public var ranks: Int
    /// Name of the machine that the rank ran on.
    public var host: String
    /// Process number on that machine.
    public var process: Int
    /// Unix time of the run's start on rank 0's clock, in microseconds; the same on every rank.
    public var epoch: Int
    /// The clock at the start; nil when it was not measured.
    public var clockAtStart: ClockReading?
    /// The clock at the end; nil when the rank did not get there. Between the two the offset is interpolated.
    public var clockAtEnd: ClockReading?
    /// The run's place in a distributed trace; nil where nothing was exported.
    public var trace: TraceLink?
    /// What processors did until the rank's end; nil when the rank did not get there, or the system does not tell.
    public var processor: ProcessorUse?

    /// Describes a rank.
    public init(
        rank: Int, ranks: Int, host: String, process: Int, epoch: Int, clockAtStart: ClockReading? = nil,
        clockAtEnd: ClockReading? = nil, trace: TraceLink? = nil, processor: ProcessorUse? = nil
    ) {
        self.rank = rank
        self.ranks = ranks
        self.host = host
        self.process = process
        self.epoch = epoch
        self.clockAtStart = clockAtStart
        self.clockAtEnd = clockAtEnd
        self.trace = trace
        self.processor = processor
    }
}
