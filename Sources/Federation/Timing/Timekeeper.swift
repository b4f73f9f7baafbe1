import FedCore
import Foundation
import MPI

/// Keeps a rank's time: its phases, its messages, and how its clock stands to rank 0's. To be made as soon as MPI runs: its
/// start is the start of the rank's time.
public final class Timekeeper {
    let timeline: Timeline
    private let messages: MessageLedger
    private let makeSink: (_ folder: String, TimingHeader) throws -> any TimingSink
    private var sink: (any TimingSink)?
    private var lastCounts = MonotonicClock.now

    /// Where the run leaves its files. To be set on rank 0 before the first round.
    public var folder: String?

    private static let countsInterval = 5_000_000_000

    /// - Parameters:
    ///   - world: the communicator of all ranks.
    ///   - sink: opens this rank's log in the folder of rank 0's choice.
    public init(
        _ world: any Communicator, sink: @escaping (_ folder: String, TimingHeader) throws -> any TimingSink
    ) {
        timeline = Timeline(isOn: true)
        messages = MessageLedger(rank: world.rank, size: world.size)
        makeSink = sink
    }

    /// The same communicator, with what goes over it counted.
    public func metered(_ communicator: any Communicator) -> any Communicator {
        MeteredCommunicator(communicator, messages)
    }

    /// What every rank has to know to log its time.
    private struct Place: Codable {
        var folder: String
        var epoch: Int
        /// The run's start on rank 0's clock, in nanoseconds.
        var origin: Int
    }

    /// Aligns the clocks and opens the logs; collective. A rank that cannot write its log goes on without.
    /// - Parameter control: for point-to-point messages.
    /// - Returns: on a rank whose log cannot be written, why.
    func start(on communicator: any Communicator, control: any Communicator, origin: Int) throws -> (any Error)? {
        timeline.enter(.wait)
        var place = Place(folder: folder ?? "", epoch: 0, origin: origin)
        if communicator.rank == 0 {
            place.epoch = MonotonicClock.unixMicroseconds - (MonotonicClock.now - origin) / 1_000
        }
        let encoded = communicator.rank == 0 ? try JSONEncoder().encode(place) : Data()
        place = try JSONDecoder().decode(
            Place.self, from: Data(try communicator.broadcastBytes(Array(encoded), root: 0)))
        let clock = try measure(on: control, patience: .seconds(5), origin: place.origin)
        timeline.enter(.load)
        let header = TimingHeader(
            rank: communicator.rank, ranks: communicator.size, host: MPIWorld.hostName,
            process: Int(ProcessInfo.processInfo.processIdentifier), epoch: place.epoch, clockAtStart: clock)
        do {
            let sink = try makeSink(place.folder, header)
            self.sink = sink
            timeline.open(sink) { [unowned self] in noteCounts() }
            return nil
        } catch {
            return error
        }
    }

    private func measure(on control: any Communicator, patience: Duration, origin: Int?) throws -> ClockReading? {
        var offset: ClockAlignment.Offset?
        if control.rank == 0 {
            _ = try ClockAlignment.lead(on: control, patience: patience)
            offset = .init(offset: 0, error: 0)
        } else {
            offset = try ClockAlignment.follow(on: control, patience: patience)
        }
        if let origin { timeline.align(offset: offset?.offset ?? 0, origin: origin) }
        return offset.map {
            ClockReading(at: timeline.microseconds, offset: Double($0.offset) / 1e3, error: Double($0.error) / 1e3)
        }
    }

    private func noteCounts() {
        let now = MonotonicClock.now
        guard now - lastCounts >= Self.countsInterval else { return }
        lastCounts = now
        sink?.replace(messages.counts)
    }

    /// Aligns the clocks once more, while all ranks are there.
    /// - Parameter control: nil after a loss: then it is left out.
    /// Ends the rank's time and writes everything.
    func finish(on control: (any Communicator)?) throws {
        var clock: ClockReading?
        if let control {
            timeline.enter(.wait)
            clock = try measure(on: control, patience: .seconds(2), origin: nil)
        }
        timeline.close()
        sink?.replace(messages.counts)
        sink?.close(clock)
        sink = nil
    }
}
