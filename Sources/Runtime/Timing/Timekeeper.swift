public import FedCore
import Foundation
public import MPI
public import Records

/// Keeps a rank's time: its phases, its messages, and how its clock stands to rank 0's. To be made as soon as MPI runs: its
/// start is the start of the rank's time.
public final class Timekeeper {
    package let timeline: Timeline
    private let messages: MessageLedger
    private let makeSink: (_ folder: String, TimingHeader) -> (any TimingSink)?
    private var sink: (any TimingSink)?
    private let start: Int
    private var lastCounts: Int
    private var clockAtEnd: ClockReading?
    /// Rank 0 keeps time; a rank without a log of its own answers it all the same.
    private var isAligned = false

    /// Where the run leaves its files. To be set on rank 0 before the first round.
    public var folder = ""

    private static let countsInterval = 5_000_000_000

    /// - Parameters:
    ///   - world: the communicator of all ranks.
    ///   - isOn: rank 0's word counts for all ranks.
    ///   - sink: opens this rank's log in the folder that rank 0 has named; nil when it cannot be opened.
    public init(
        _ world: any Communicator, isOn: Bool, sink: @escaping (_ folder: String, TimingHeader) -> (any TimingSink)?
    ) {
        timeline = Timeline(isOn: isOn)
        start = timeline.entered
        lastCounts = start
        messages = MessageLedger(rank: world.rank, size: world.size)
        makeSink = sink
    }

    /// The same communicator, with what goes over it counted.
    public func metered(_ communicator: any Communicator) -> any Communicator {
        timeline.isOn ? MeteredCommunicator(communicator, messages) : communicator
    }

    /// What every rank has to know to log its time.
    private struct Place: Codable {
        var folder: String
        var epoch: Int
        /// The run's start on rank 0's clock, in nanoseconds.
        var origin: Int
    }

    /// Aligns the clocks and opens the logs. Collective.
    /// - Parameter control: for messages point to point.
    package func begin(on communicator: any Communicator, control: any Communicator) throws {
        timeline.enter(.wait)
        var encoded = Data()
        if communicator.rank == 0, timeline.isOn {
            let epoch = MonotonicClock.unixMicroseconds - (MonotonicClock.now - start) / 1_000
            encoded = try JSONEncoder().encode(Place(folder: folder, epoch: epoch, origin: start))
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
            process: Int(ProcessInfo.processInfo.processIdentifier), epoch: place.epoch, clockAtStart: reading(offset))
        guard let sink = makeSink(place.folder, header) else { return timeline.turnOff() }
        self.sink = sink
        timeline.open(sink) { [unowned self] in noteCounts() }
    }

    /// Aligns the clocks once more. To be called by all ranks while all are there; nobody waits long for one that is not.
    package func end(on control: any Communicator) throws {
        guard isAligned else { return }
        timeline.enter(.wait)
        // Those that are behind a rank that does not answer wait longer than rank 0.
        clockAtEnd = reading(try measure(on: control, leading: .seconds(1), following: .milliseconds(1_500)))
    }

    /// Ends the rank's time and writes everything.
    package func close() {
        timeline.close()
        sink?.replace(messages.counts)
        sink?.close(clockAtEnd)
        sink = nil
    }

    private func measure(
        on control: any Communicator, leading: Duration, following: Duration
    ) throws -> ClockAlignment.Offset? {
        guard control.rank == 0 else { return try ClockAlignment.follow(on: control, patience: following) }
        try ClockAlignment.lead(on: control, patience: leading)
        return ClockAlignment.Offset(offset: 0, error: 0)
    }

    private func reading(_ offset: ClockAlignment.Offset?) -> ClockReading? {
        offset.map {
            ClockReading(at: timeline.microseconds, offset: Double($0.offset) / 1e3, error: Double($0.error) / 1e3)
        }
    }

    private func noteCounts() {
        let now = MonotonicClock.now
        guard now - lastCounts >= Self.countsInterval else { return }
        lastCounts = now
        sink?.replace(messages.counts)
    }
}
