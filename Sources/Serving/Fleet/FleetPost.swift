import Foundation
import MPI
import Runtime

/// Rank 0 is lost: without it a fleet has no end.
public struct FleetServerLost: Error, CustomStringConvertible {
    let loss: Liveness.Loss

    public var description: String { "rank 0 is lost: \(loss)" }
}

/// Messages between rank 0 and the other ranks of a fleet, as JSON point to point, and beats beside them: each side sends
/// some when it has been long since the last, so that silence means something.
///
/// Who is lost is judged as in training (``Liveness``). One that is heard again, because it was only stopped, is back.
final class FleetPost {
    private enum Tag {
        static let command = 1
        static let reply = 2
        static let beat = 3
    }

    private let ranks: any Communicator
    private let processes: ProcessTable
    /// Between two beats, in nanoseconds.
    private let beatInterval: Int
    private let stop: StopFlag

    private var outgoing: [PendingMessage] = []
    private var liveness: Liveness
    /// Why, by rank.
    private(set) var losses: [Int: String] = [:]
    private var lastBeat = 0
    private var lastLook = 0

    /// In nanoseconds.
    private static let lookInterval = 20_000_000

    /// Collective.
    /// - Parameter failureTimeout: in seconds.
    init(_ world: any Communicator, failureTimeout: Double, stop: StopFlag) throws {
        ranks = try world.duplicate()
        processes = try ProcessTable(world)
        beatInterval = Int(failureTimeout / 4 * 1e9)
        self.stop = stop
        // As in training: another rank leaves rank 0 only after a very long silence.
        let timeout = world.rank == 0 ? failureTimeout : max(600, 60 * failureTimeout)
        liveness = Liveness(peers: world.size, timeout: Int(timeout * 1e9), at: MonotonicClock.now)
    }

    /// Host of each rank.
    var hosts: [String] { processes.hosts }

    func isLost(_ rank: Int) -> Bool { losses[rank] != nil }

    // MARK: Messages

    func send(_ command: FleetCommand, to rank: Int) throws { try send(command, to: rank, tag: Tag.command) }

    func send(_ reply: FleetReply) throws { try send(reply, to: 0, tag: Tag.reply) }

    private func send(_ value: some Encodable, to rank: Int, tag: Int) throws {
        let bytes = Buffer([UInt8](try JSONEncoder().encode(value)))
        outgoing.append(PendingMessage(rank, try ranks.startSend(bytes, to: rank, tag: tag)))
    }

    /// The next command of rank 0, if one has come.
    func command() throws -> FleetCommand? { try receive(FleetCommand.self, tag: Tag.command)?.value }

    /// The next reply of another rank, if one has come.
    func reply() throws -> (rank: Int, reply: FleetReply)? {
        try receive(FleetReply.self, tag: Tag.reply).map { (rank: $0.rank, reply: $0.value) }
    }

    private func receive<Value: Decodable>(_ type: Value.Type, tag: Int) throws -> (rank: Int, value: Value)? {
        guard let status = try ranks.iprobe(from: nil, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: status.byteCount)
        try ranks.receive(into: &bytes, from: status.source, tag: tag)
        noteHeard(status.source)
        return (status.source, try JSONDecoder().decode(type, from: Data(bytes.array())))
    }

    // MARK: Who is there

    private func noteHeard(_ rank: Int) {
        liveness.hear(rank)
        losses[rank] = nil
    }

    /// Sends beats, takes in those that have come, and finds who is lost; does nothing if it did so a moment ago.
    /// - Throws: `Interruption` when the run is asked to stop; on other ranks than 0 `FleetServerLost`.
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

    private var peers: Range<Int> { ranks.rank == 0 ? 1..<max(1, ranks.size) : 0..<1 }

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
