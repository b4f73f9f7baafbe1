import Foundation
import MPI
import Runtime

/// Rank 0 is lost, and a fleet without it has no end: the job ends with this error on the other ranks.
public struct FleetServerLost: Error, CustomStringConvertible {
    /// How it was noticed.
    let loss: Liveness.Loss

    public var description: String { "rank 0 is lost: \(loss)" }
}

/// The messages between rank 0 and the other ranks of a fleet, as JSON point to point, and beats beside them: each side
/// sends one when it has been long since the last, so that silence means something. No call waits for anybody.
///
/// Who is lost is judged as in training (``Liveness``). A rank that is heard again, because it was only stopped, is
/// back. Used on one thread.
final class FleetPost {
    /// Tags on this object's own communicator.
    private enum Tag {
        static let command = 1
        static let reply = 2
        static let beat = 3
    }

    private let ranks: any Communicator
    private let processes: ProcessTable
    /// Nanoseconds between two beats: a quarter of the failure timeout.
    private let beatInterval: Int
    private let stop: StopFlag

    /// Messages whose transfer is not complete.
    private var outgoing: [PendingMessage] = []
    private var liveness: Liveness
    /// Why ranks are lost, in words, by rank; ranks that are not lost are missing.
    private(set) var losses: [Int: String] = [:]
    /// When beats were last sent (`MonotonicClock`, ns).
    private var lastBeat = 0
    /// When ``look()`` last looked (`MonotonicClock`, ns).
    private var lastLook = 0

    /// Nanoseconds between two looks: ``look()`` may be called as often as one likes.
    private static let lookInterval = 20_000_000

    /// Duplicates the communicator and finds out where ranks are. Collective.
    ///
    /// - Parameters:
    ///   - world: All ranks of the job.
    ///   - failureTimeout: Seconds of silence after which rank 0 gives a rank up. The others give rank 0 up much later
    ///     (60 timeouts, ten minutes at least), since that ends the job.
    ///   - stop: Raised when the run is to end early.
    init(_ world: any Communicator, failureTimeout: Double, stop: StopFlag) throws {
        ranks = try world.duplicate()
        processes = try ProcessTable(world)
        beatInterval = Int(failureTimeout / 4 * 1e9)
        self.stop = stop
        // As in training: another rank leaves rank 0 only after a very long silence.
        let timeout = world.rank == 0 ? failureTimeout : max(600, 60 * failureTimeout)
        liveness = Liveness(peers: world.size, timeout: Int(timeout * 1e9), at: MonotonicClock.now)
    }

    /// Host of each rank, by rank.
    var hosts: [String] { processes.hosts }

    /// Whether a rank is lost at present; it may come back.
    func isLost(_ rank: Int) -> Bool { losses[rank] != nil }

    // MARK: Messages

    /// Sends a command from rank 0; does not wait for its arrival.
    func send(_ command: FleetCommand, to rank: Int) throws { try send(command, to: rank, tag: Tag.command) }

    /// Sends a reply to rank 0; does not wait for its arrival.
    func send(_ reply: FleetReply) throws { try send(reply, to: 0, tag: Tag.reply) }

    private func send(_ value: some Encodable, to rank: Int, tag: Int) throws {
        let bytes = Buffer([UInt8](try JSONEncoder().encode(value)))
        outgoing.append(PendingMessage(rank, try ranks.startSend(bytes, to: rank, tag: tag)))
    }

    /// The next command of rank 0; nil when none has arrived. Does not block.
    func command() throws -> FleetCommand? { try receive(FleetCommand.self, tag: Tag.command)?.value }

    /// The next reply of any rank; nil when none has arrived. Does not block.
    func reply() throws -> (rank: Int, reply: FleetReply)? {
        try receive(FleetReply.self, tag: Tag.reply).map { (rank: $0.rank, reply: $0.value) }
    }

    /// Takes a message of a tag from any rank, if one has arrived.
    private func receive<Value: Decodable>(_ type: Value.Type, tag: Int) throws -> (rank: Int, value: Value)? {
        guard let status = try ranks.iprobe(from: nil, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: status.byteCount)
        try ranks.receive(into: &bytes, from: status.source, tag: tag)
        noteHeard(status.source)
        return (status.source, try JSONDecoder().decode(type, from: Data(bytes.array())))
    }

    // MARK: Who is there

    /// A rank that is heard is not lost, whatever was thought of it.
    private func noteHeard(_ rank: Int) {
        liveness.hear(rank)
        losses[rank] = nil
    }

    /// Sends beats, takes in those that have arrived, lets messages make progress, and finds who is lost. Does nothing
    /// if it did so within the last 20 ms.
    ///
    /// - Throws: `Interruption` when the run is asked to stop; ``FleetServerLost`` on ranks other than 0; `MPIError`.
    func look() throws {
        try stop.check()
        let now = MonotonicClock.now
        guard now - lastLook >= Self.lookInterval else { return }
        lastLook = now
        liveness.look(at: now)
        try outgoing.advance()
        while let status = try ranks.iprobe(from: nil, tag: Tag.beat) {
            var beat = Buffer<UInt8>(count: max(status.byteCount, 1))
            try ranks.receive(into: &beat, from: status.source, tag: Tag.beat)
            noteHeard(status.source)
        }
        try beat(at: now)
        for rank in peers where !isLost(rank) {
            guard let loss = liveness.loss(of: rank, seeing: processes.state(of: rank)) else { continue }
            if ranks.rank == 0 {
                losses[rank] = "\(loss)"
            } else if case .stopped = loss {
                continue  // rank 0 is waited for
            } else {
                throw FleetServerLost(loss: loss)
            }
        }
    }

    /// The ranks at the other end: all others for rank 0, and rank 0 for the others.
    private var peers: Range<Int> { ranks.rank == 0 ? 1..<max(1, ranks.size) : 0..<1 }

    /// Sends a beat to each peer whose process is not gone, when it is time.
    private func beat(at now: Int) throws {
        guard now - lastBeat >= beatInterval else { return }
        lastBeat = now
        for rank in peers where !processes.isGone(rank) {
            liveness.ask(rank)
            var beat = try ranks.startSend(Buffer<UInt8>(count: 1), to: rank, tag: Tag.beat)
            _ = try beat.test()
        }
    }
}
