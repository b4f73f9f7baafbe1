import MPI

/// The server's view of its workers: who takes part, who was heard when, who is lost.
///
/// A worker is lost when its process is gone, or when it was silent for `timeout` while the server waited. It is not
/// distinguished from one that was only stopped: one that is heard again returns with the next round.
package final class Membership {
    private let control: any Communicator
    private let stopFlag: StopFlag
    private let timeout: Duration
    /// Whether it is known that a worker's process has ended, without asking the worker.
    private let isGone: (_ worker: Int) -> Bool

    private enum Standing {
        case member
        case lost
        /// Lost, and heard again since.
        case returning
    }

    private var standing: [Standing]
    private var heard: [ContinuousClock.Instant]
    private var trained: [Int]
    private var hasLeft: [Bool]
    private var round = 0
    private var lastPing = ContinuousClock.now

    /// Workers answer between batches, so that this is also how fresh the progress is.
    private let pingInterval: Duration

    init(
        control: any Communicator, stop: StopFlag, timeout: Duration, pingInterval: Duration,
        isGone: @escaping (_ worker: Int) -> Bool
    ) {
        self.control = control
        stopFlag = stop
        self.timeout = timeout
        self.pingInterval = min(pingInterval, timeout / 4)
        self.isGone = isGone
        let workers = control.size - 1
        standing = [Standing](repeating: .member, count: workers)
        heard = [ContinuousClock.Instant](repeating: .now, count: workers)
        trained = [Int](repeating: 0, count: workers)
        hasLeft = [Bool](repeating: false, count: workers)
    }

    /// The workers that take part, ascending.
    package var members: [Int] { standing.indices.filter { standing[$0] == .member } }

    func isMember(_ worker: Int) -> Bool { standing[worker] == .member }

    /// Samples trained in this round, as far as the workers have said.
    var samplesTrained: Int { trained.reduce(0, +) }

    /// Takes in again who returned, and starts to count for a round.
    /// - Returns: the workers that returned.
    package func startRound(_ round: Int) throws -> [Int] {
        self.round = round
        try hear()
        for worker in trained.indices { trained[worker] = 0 }
        let returned = standing.indices.filter { standing[$0] == .returning }
        for worker in returned { standing[worker] = .member }
        startWaiting()
        return returned
    }

    /// Like `startRound`, in the midst of waiting: silence is not forgiven.
    /// - Returns: the workers that returned.
    func startStep(_ step: Int) throws -> [Int] {
        round = step
        try hear()
        let returned = standing.indices.filter { standing[$0] == .returning }
        for worker in returned {
            standing[worker] = .member
            heard[worker] = .now
        }
        return returned
    }

    /// To be called when the server did something else for a while: silence counts from here.
    package func startWaiting() {
        let now = ContinuousClock.now
        for worker in heard.indices { heard[worker] = now }
        lastPing = now - pingInterval
    }

    /// To be called when the server did not look for so long, though it was waiting: that time is nobody's silence.
    func forgive(_ absence: Duration) {
        let now = ContinuousClock.now
        for worker in heard.indices { heard[worker] = min(heard[worker] + absence, now) }
    }

    /// Something other than a report came from a worker.
    package func noteHeard(_ worker: Int) throws {
        heard[worker] = .now
        guard standing[worker] == .lost else { return }
        standing[worker] = .returning
        try ControlMessage(kind: .excluded, round: round)
            .send(to: worker + 1, tag: ControlMessage.Tag.command, on: control)
    }

    /// Receives reports, pings, and finds who is lost.
    /// - Parameter awaited: the workers that something is still expected of; others may be silent.
    /// - Returns: the members among the awaited that are lost from now on.
    /// - Throws: `Interruption` when the run is asked to stop.
    package func poll(awaiting awaited: [Int]) throws -> [Int] {
        try stopFlag.check()
        try hear()
        let now = ContinuousClock.now
        if now - lastPing >= pingInterval {
            lastPing = now
            let ping = ControlMessage(kind: .ping, round: round)
            for worker in members { try ping.send(to: worker + 1, tag: ControlMessage.Tag.command, on: control) }
        }
        // Who has understood that the run is over may be gone, while another has yet to be told.
        let lost = awaited.filter {
            isMember($0) && !hasLeft[$0] && (isGone($0) || now - heard[$0] > timeout)
        }
        for worker in lost { standing[worker] = .lost }
        return lost
    }

    /// A worker is waited for no longer, though it answers; it returns when it is heard again.
    func exclude(_ worker: Int) {
        standing[worker] = .lost
    }

    /// Tells the workers that collectives are over.
    package func leaveCollectives() throws {
        try tell(.leaveCollectives)
    }

    /// Tells the workers that no update is wanted any longer.
    func endOrders() throws {
        try tell(.endOrders)
    }

    /// Whether all members have understood that the run is over, or have ended.
    package func haveAllLeft() throws -> Bool {
        try hear()
        return members.allSatisfy { hasLeft[$0] || isGone($0) }
    }

    /// Tells the workers that the run is over.
    package func stop() throws {
        try tell(.stop)
    }

    /// Gives the members a moment to understand that the run is over: a message may be lost when its sender's process
    /// ends.
    /// - Returns: whether all did, or have ended.
    package func waitForFarewells() throws -> Bool {
        try Backoff.default.wait(until: .now + Self.longestFarewell) { try haveAllLeft() }
    }

    private static let longestFarewell: Duration = .seconds(2)

    /// The lost are told as well: one that was only stopped finds the message when it goes on.
    private func tell(_ kind: ControlMessage.Kind) throws {
        let message = ControlMessage(kind: kind, round: round)
        for worker in standing.indices where !isGone(worker) {
            try message.send(to: worker + 1, tag: ControlMessage.Tag.command, on: control)
        }
    }

    private func hear() throws {
        while let (source, message) = try ControlMessage.receive(tag: ControlMessage.Tag.report, on: control) {
            let worker = source - 1
            try noteHeard(worker)
            if message.kind == .farewell { hasLeft[worker] = true }
            if message.round == round { trained[worker] = message.value }
        }
    }
}
