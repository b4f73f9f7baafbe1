package import MPI
package import Records

/// The server is taken for dead.
public struct ServerLost: Error, CustomStringConvertible {
    /// How that was found.
    package let loss: Liveness.Loss

    /// Its process is known to have ended, and with it the job; else others may still hear it.
    public var isCertain: Bool { loss == .ended }

    /// One line.
    public var description: String { "rank 0 is lost: \(loss)" }
}

/// A worker's view of the server: answers it between batches and while waiting.
///
/// A server that is only stopped is waited for, as long as it takes. Of one that cannot be seen silence ends this rank, and
/// this rank alone, and only a very long one: where rank 0 is really dead, the launcher ends the job.
package final class ServerContact {
    /// Where control messages travel: nothing else uses it.
    private let control: any Communicator
    /// Raised when the server says that the run is over.
    private let stopFlag: StopFlag
    /// Judges the server's silence; asks when it is long.
    private let heartbeat: Heartbeat

    /// Between two polls, in nanoseconds. Where a poll takes long, because others want the core, they are rarer.
    private static let interval = 2_000_000
    /// The rarest polls, in nanoseconds.
    private static let longestInterval = 100_000_000
    /// A poll is to take so small a part of the time: one of so many.
    private static let pollShare = 8
    /// Between two looks at the server's process.
    private static let lookInterval = 200_000_000

    /// By the monotonic clock, in nanoseconds.
    private var nextPoll = 0
    /// The round that this rank works for.
    private var round = 0
    /// Samples trained in it so far, which reports tell.
    private var trained = 0

    /// A rank is lost: work comes as orders from now on.
    package private(set) var hasLeftCollectives = false
    /// The run is over; told this way only once collectives are left.
    package private(set) var isStopped = false
    /// No update is wanted any longer.
    package private(set) var hasOrdersEnded = false
    /// Called once each time this rank learns that it was taken for dead.
    package var whenExcluded: (_ round: Int) -> Void = { _ in }
    /// Called before the server is told that this rank has understood that the run is over.
    package var whenReleased: () -> Void = {}

    /// - Parameters:
    ///   - patience: silence of a server that cannot be seen that ends this rank.
    ///   - state: what can be seen of the server's process.
    package init(control: any Communicator, stop: StopFlag, patience: Duration, state: @escaping () -> ProcessState) {
        self.control = control
        stopFlag = stop
        let patience = Int(patience.seconds * 1e9)
        heartbeat = Heartbeat(
            peers: 1, timeout: patience, questions: .whenSilent(patience / 8), judgementInterval: Self.lookInterval,
            state: { _ in state() })
    }

    /// Counts samples for a round from here; for another attempt at the same round it goes on counting.
    ///
    /// - Parameter round: its number.
    package func startRound(_ round: Int) {
        if round != self.round { trained = 0 }
        self.round = round
    }

    /// To be called after each batch.
    package func trained(_ samples: Int) throws {
        trained += samples
        try poll()
    }

    /// Answers what has come; does nothing if it did so a moment ago.
    /// - Throws: `Interruption` when the run is asked to stop; `ServerLost`.
    package func poll() throws {
        try stopFlag.check()
        let now = MonotonicClock.now
        guard now >= nextPoll else { return }
        try heartbeat.beat(hear: hear, ask: ask, judging: CollectionOfOne(0)) { _, _, loss in
            switch loss {
            case nil, .stopped: break
            case let loss?: if !isStopped { throw ServerLost(loss: loss) }
            }
        }
        let end = MonotonicClock.now
        nextPoll = end + min(max(Self.interval, Self.pollShare * (end - now)), Self.longestInterval)
    }

    private func hear() throws {
        while let (_, message) = try ControlMessage.receive(from: 0, tag: ControlMessage.Tag.command, on: control) {
            heartbeat.noteHeard(0)
            switch message.kind {
            case .ping:
                try report()
            case .leaveCollectives:
                hasLeftCollectives = true
            case .excluded:
                whenExcluded(message.round)
            case .stop:
                isStopped = true
                try acknowledgeShutdown()
                hasLeftCollectives = true
            case .endOrders:
                hasOrdersEnded = true
            case .report, .shutdownAcknowledged, .arrived, .clock, .received, .lostBelow:
                break
            }
        }
    }

    /// A report that nobody has asked for is a question: the server takes the rank in again, if it had lost it, and asks.
    private func ask(_ server: Int) throws -> Bool {
        guard !isStopped else { return false }
        try report()
        return true
    }

    private func report() throws {
        try ControlMessage(kind: .report, round: round, value: trained)
            .send(to: 0, tag: ControlMessage.Tag.report, on: control)
    }

    /// Offers this rank to a server that did not have it so far: work comes as orders, once the server has taken it in.
    package func offer() throws {
        hasLeftCollectives = true
        try report()
    }

    /// Tells the server that a rank which works under this one was lost.
    package func noteLost(_ rank: Int, round: Int) throws {
        try ControlMessage(kind: .lostBelow, round: round, value: rank)
            .send(to: 0, tag: ControlMessage.Tag.report, on: control)
    }

    /// Tells the server that this rank has understood that the run is over.
    package func acknowledgeShutdown() throws {
        whenReleased()
        try ControlMessage(kind: .shutdownAcknowledged, round: round).send(
            to: 0, tag: ControlMessage.Tag.report, on: control)
    }

    /// Waits for a condition, answering the server meanwhile.
    package func wait(for condition: () throws -> Bool) throws {
        _ = try Backoff.default.wait { () throws in
            if try condition() { return true }
            try poll()
            return false
        }
    }
}
