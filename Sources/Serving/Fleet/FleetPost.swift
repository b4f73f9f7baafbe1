import Federation
import Foundation
import MPI

/// Rank 0 is silent, or has ended: without it a fleet has no end.
public struct FleetServerLost: Error, CustomStringConvertible {
    /// Nil when its process is known to have ended.
    let silentSeconds: Double?

    public var description: String {
        silentSeconds.map { "rank 0 has been silent for \(Int($0)) s" } ?? "rank 0 has ended"
    }
}

/// Messages between rank 0 and the other ranks of a fleet, as JSON point to point, and beats beside them: each side sends
/// some when it has been long since the last, so that silence means something.
///
/// A rank is lost when its process is known to be gone, or when nothing was heard of it for the time-out. One that is heard
/// again, because it was only stopped, is back.
final class FleetPost {
    private enum Tag {
        static let command = 1
        static let reply = 2
        static let beat = 3
    }

    private let ranks: any Communicator
    private let processes: ProcessTable
    private let timeout: Duration
    /// Silence of rank 0 that ends another rank.
    private let patience: Duration
    private let stop: StopFlag

    private var outgoing: [Parcel] = []
    private var heard: [ContinuousClock.Instant]
    /// Why, by rank.
    private(set) var losses: [Int: String] = [:]
    private var lastBeat = ContinuousClock.now - .seconds(3600)
    private var lastLook = ContinuousClock.now

    private static let lookInterval = Duration.milliseconds(20)

    /// Collective.
    /// - Parameter failureTimeout: in seconds.
    init(_ world: any Communicator, failureTimeout: Double, stop: StopFlag) throws {
        ranks = try world.duplicate()
        processes = try ProcessTable(world)
        timeout = .seconds(failureTimeout)
        patience = .seconds(max(60, 6 * failureTimeout))
        self.stop = stop
        heard = [ContinuousClock.Instant](repeating: .now, count: world.size)
    }

    /// Of each rank.
    var hosts: [String] { processes.hosts }

    func isLost(_ rank: Int) -> Bool { losses[rank] != nil }

    // MARK: Messages

    func send(_ command: FleetCommand, to rank: Int) throws { try send(command, to: rank, tag: Tag.command) }

    func send(_ reply: FleetReply) throws { try send(reply, to: 0, tag: Tag.reply) }

    private func send(_ value: some Encodable, to rank: Int, tag: Int) throws {
        let bytes = Buffer([UInt8](try JSONEncoder().encode(value)))
        outgoing.append(Parcel(rank, try ranks.startSend(bytes, to: rank, tag: tag)))
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
        heard[rank] = .now
        losses[rank] = nil
    }

    /// Sends beats, takes in those that have come, and finds who is lost; does nothing if it did so a moment ago.
    /// - Throws: `Interruption` when the run is asked to stop; on other ranks than 0 `FleetServerLost`.
    func look() throws {
        try stop.check()
        let now = ContinuousClock.now
        guard now - lastLook >= Self.lookInterval else { return }
        let limit = ranks.rank == 0 ? timeout : patience
        // This process was stopped itself, or was not asked to look: that was nobody's silence.
        if now - lastLook > limit / 2 { for rank in heard.indices { heard[rank] = now } }
        lastLook = now
        try outgoing.advance()
        while let status = try ranks.iprobe(from: nil, tag: Tag.beat) {
            var beat = Buffer<UInt8>(count: max(status.byteCount, 1))
            try ranks.receive(into: &beat, from: status.source, tag: Tag.beat)
            noteHeard(status.source)
        }
        try beat(at: now)
        if ranks.rank == 0 {
            for rank in 1..<max(1, ranks.size) where !isLost(rank) { losses[rank] = reason(rank, at: now) }
        } else if processes.isGone(0) {
            throw FleetServerLost(silentSeconds: nil)
        } else if now - heard[0] > limit {
            throw FleetServerLost(silentSeconds: (now - heard[0]).seconds)
        }
    }

    private func beat(at now: ContinuousClock.Instant) throws {
        guard now - lastBeat >= timeout / 4 else { return }
        lastBeat = now
        for rank in ranks.rank == 0 ? Array(1..<max(1, ranks.size)) : [0] where !processes.isGone(rank) {
            var beat = try ranks.startSend(Buffer<UInt8>(count: 1), to: rank, tag: Tag.beat)
            _ = try beat.test()
        }
    }

    /// Why a rank is to be taken for lost; nil: it is not.
    private func reason(_ rank: Int, at now: ContinuousClock.Instant) -> String? {
        if processes.isGone(rank) { return "its process has ended" }
        let silence = now - heard[rank]
        return silence > timeout ? "it has been silent for \(Int(silence.seconds.rounded())) s" : nil
    }
}
