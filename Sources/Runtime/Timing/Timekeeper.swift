public import FedCore
import Foundation
public import MPI
public import Records

/// Keeps a rank's time: its phases (``Timeline``), its messages (``MessageLedger``), and how its clock stands to rank
/// 0's.
///
/// Made as soon as MPI runs, because its start is the start of the rank's time; ``Session`` calls
/// ``begin(on:control:)`` when all ranks are prepared, ``end(on:)`` when the last frame has come, and ``close()``. When
/// rank 0 keeps no time nothing is recorded anywhere. docs/TIMING.md describes the files.
public final class Timekeeper {
    /// This rank's phases.
    package let timeline: Timeline
    /// This rank's messages.
    private let messages: MessageLedger
    /// Opens this rank's log.
    private let makeSink: (_ folder: String, TimingHeader) -> (any TimingSink)?
    /// Takes what was recorded; nil: nothing is written.
    private var sink: (any TimingSink)?
    /// When this rank's time began, on its own clock.
    private let start: Int
    /// When counts of messages were last written.
    private var lastCounts: Int
    /// The clock's position at the end of the run; nil when it was not measured.
    private var clockAtEnd: ClockReading?
    /// What processors had done when this rank's time began.
    private let processors = ProcessorReading()
    /// Rank 0 keeps time; a rank without a log of its own answers it all the same.
    private var isAligned = false

    /// The run's folder, where every rank leaves its log. Set on rank 0 before the first round; empty leaves no files.
    public var folder = ""

    /// Gives the run's place in a distributed trace, given the moment of its start in microseconds since 1970 and the
    /// number of ranks; all of them get it. Called once, on rank 0, before the logs are opened; nil: it has none.
    public var trace: (_ epoch: Int, _ ranks: Int) -> TraceLink? = { _, _ in nil }

    /// Nanoseconds between two writings of the counts of messages.
    private static let countsInterval = 5_000_000_000

    /// Starts this rank's time, in the phase `load`.
    /// - Parameters:
    ///   - world: the communicator of all ranks.
    ///   - isOn: whether time is kept; rank 0's choice counts for all ranks.
    ///   - sink: opens this rank's log in the folder that rank 0 has named; returns nil when it cannot be opened.
    public init(
        _ world: any Communicator, isOn: Bool, sink: @escaping (_ folder: String, TimingHeader) -> (any TimingSink)?
    ) {
        timeline = Timeline(isOn: isOn)
        start = timeline.entered
        lastCounts = start
        messages = MessageLedger(rank: world.rank, size: world.size)
        makeSink = sink
    }

    /// The same communicator, with what goes over it counted; itself when no time is kept.
    public func metered(_ communicator: any Communicator) -> any Communicator {
        timeline.isOn ? MeteredCommunicator(communicator, messages) : communicator
    }

    /// What every rank has to know to log its time; broadcast as JSON.
    private struct Place: Codable {
        var folder: String
        /// The run's start as Unix time, in microseconds.
        var epoch: Int
        /// The run's start on rank 0's clock, in nanoseconds.
        var origin: Int
        /// The run's place in a distributed trace; absent when it has none.
        var trace: TraceLink?
    }

    /// Aligns the clocks and opens the logs. Collective; takes a few milliseconds.
    /// - Parameters:
    ///   - communicator: all ranks of the run.
    ///   - control: for messages point to point.
    /// - Throws: errors of MPI; a log that cannot be opened only turns this rank's time off.
    package func begin(on communicator: any Communicator, control: any Communicator) throws {
        timeline.enter(.wait)
        var encoded = Data()
        if communicator.rank == 0, timeline.isOn {
            let epoch = MonotonicClock.unixMicroseconds - (MonotonicClock.now - start) / 1_000
            encoded = try JSONEncoder().encode(
                Place(folder: folder, epoch: epoch, origin: start, trace: trace(epoch, communicator.size)))
        }
        let bytes = try communicator.broadcastBytes(Array(encoded), root: 0)
        guard !bytes.isEmpty else { return timeline.turnOff() }
        let place = try JSONDecoder().decode(Place.self, from: Data(bytes))
        isAligned = true
        let offset = try measure(on: control, leading: .seconds(5), following: .seconds(5))
        timeline.align(offset: offset?.offset ?? 0, origin: place.origin)
        timeline.enter(.load)
        guard timeline.isOn else { return }
        let header = TimingHeader(
            rank: communicator.rank, ranks: communicator.size, host: MPIWorld.hostName,
            process: Int(ProcessInfo.processInfo.processIdentifier), epoch: place.epoch, clockAtStart: reading(offset),
            trace: place.trace)
        guard let sink = makeSink(place.folder, header) else { return timeline.turnOff() }
        self.sink = sink
        timeline.open(sink) { [unowned self] in noteCounts() }
    }

    /// Aligns the clocks once more, so that their drift is known. Called by all ranks while all are there; a rank that
    /// does not answer delays the others by a second and a half at most.
    package func end(on control: any Communicator) throws {
        guard isAligned else { return }
        timeline.enter(.wait)
        // Those that are behind a rank that does not answer wait longer than rank 0.
        clockAtEnd = reading(try measure(on: control, leading: .seconds(1), following: .milliseconds(1_500)))
    }

    /// Ends the rank's time and writes everything that is left.
    package func close() {
        timeline.close()
        sink?.replace(messages.counts)
        sink?.close(clockAtEnd, ProcessorReading()?.use(since: processors))
        sink = nil
    }

    /// Measures the clocks, as leader or follower. Rank 0 always has an offset of 0.
    private func measure(
        on control: any Communicator, leading: Duration, following: Duration
    ) throws -> ClockAlignment.Offset? {
        guard control.rank == 0 else { return try ClockAlignment.follow(on: control, patience: following) }
        try ClockAlignment.lead(on: control, patience: leading)
        return ClockAlignment.Offset(offset: 0, error: 0)
    }

    /// A clock's position as logs have it, in microseconds.
    private func reading(_ offset: ClockAlignment.Offset?) -> ClockReading? {
        offset.map {
            ClockReading(at: timeline.microseconds, offset: Double($0.offset) / 1e3, error: Double($0.error) / 1e3)
        }
    }

    /// Writes the counts of messages, if the last time is long enough ago.
    private func noteCounts() {
        let now = MonotonicClock.now
        guard now - lastCounts >= Self.countsInterval else { return }
        lastCounts = now
        sink?.replace(messages.counts)
    }
}
