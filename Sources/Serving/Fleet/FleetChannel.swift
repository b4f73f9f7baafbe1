import Foundation
import MPI
import Runtime

/// Rank 0 is lost, and a fleet without it has no end: the job ends with this error on the other ranks.
public struct FleetServerLost: Error, CustomStringConvertible {
    /// How it was noticed.
    let loss: Liveness.Loss

    public var description: String { "rank 0 is lost: \(loss)" }
}

/// Messages between rank 0 and the other ranks of a fleet, as JSON point to point, and beats beside them: each side sends
/// one when it has been long since the last, so that silence means something. No call waits for anybody.
///
/// Who is lost is judged as everywhere (``PeerWatch``). A rank that is heard again, because it was only stopped, is back.
/// Used on one thread.
final class FleetChannel {
    /// Tags on this object's own communicator.
    private enum Tag {
        static let command = 1
        static let reply = 2
        static let beat = 3
    }

    private let ranks: any Communicator
    private let processes: ProcessTable
    private let watch: PeerWatch
    private let stop: StopFlag

    /// Messages whose transfer is not complete.
    private var outgoing: [PendingMessage] = []

    /// Duplicates the communicator and finds out where ranks are. Collective.
    ///
    /// - Parameters:
    ///   - world: All ranks of the job.
    ///   - failureTimeout: Seconds of silence after which rank 0 gives a rank up. The others give rank 0 up much later
    ///     (60 timeouts, ten minutes at least), since that ends the job.
    ///   - stop: Raised when the run is to end early.
    init(_ world: any Communicator, failureTimeout: Double, stop: StopFlag) throws {
        let ranks = try world.duplicate()
        let processes = try ProcessTable(world)
        (self.ranks, self.processes, self.stop) = (ranks, processes, stop)
        watch = PeerWatch(
            world.rank == 0 ? Array(1..<max(1, world.size)) : [0], on: ranks, tag: Tag.beat,
            timeout: world.rank == 0 ? failureTimeout : Patience.server(failureTimeout),
            beatInterval: failureTimeout / 4, takesBack: true, state: { processes.state(of: $0) })
    }

    /// Host of each rank, by rank.
    var hosts: [String] { processes.hosts }

    /// Whether a rank is lost at present; it may come back.
    func isLost(_ rank: Int) -> Bool { watch.isLost(rank) }

    /// Why a rank is lost; nil: it is not.
    func loss(of rank: Int) -> String? { watch.loss(of: rank)?.description }

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
        watch.noteHeard(status.source)
        return (status.source, try JSONDecoder().decode(type, from: Data(bytes.array())))
    }

    // MARK: Who is there

    /// Sends beats, takes in those that have arrived, lets messages make progress, and finds who is lost. Does nothing if
    /// it did so a moment ago.
    ///
    /// - Throws: `Interruption` when the run is asked to stop; ``FleetServerLost`` on ranks other than 0; `MPIError`.
    func look() throws {
        try stop.check()
        try outgoing.advance()
        _ = try watch.look()
        guard ranks.rank != 0, let loss = watch.loss(of: 0) else { return }
        if case .stopped = loss { return }  // it is waited for
        throw FleetServerLost(loss: loss)
    }
}
