package import MPI
package import Records

/// The server's view of its workers: who takes part, who was heard when, who is lost.
///
/// Its ``Heartbeat`` says when a worker is asked and when it is lost. One that is lost may only have been stopped, or cut off for a while: it is asked
/// on, and when it is heard again it returns with the next round, or at once when nobody else is left.
package final class Membership {
    /// Where control messages travel: nothing else uses it.
    private let control: any Communicator
    /// Asked wherever the server waits, so that a signal ends the wait.
    private let stopFlag: StopFlag
    /// Host of each worker.
    private let hosts: [String]
    /// In seconds.
    private let timeout: Double
    /// What can be seen of a worker's process.
    private let state: (_ worker: Int) -> ProcessState

    /// How a worker stands with this server.
    private enum Standing {
        /// Takes part.
        case member
        /// Counts as dead; it is asked on, more seldom.
        case lost
        /// Lost, and heard again since.
        case returning
        /// Works for another server, unless it is heard here.
        case elsewhere
    }

    /// By worker.
    private var standing: [Standing]
    /// When workers are asked, and who has been silent for too long.
    private let heartbeat: Heartbeat
    /// Why each was lost last.
    private var reasons: [String]
    /// Samples that each has trained in this round, by its last report.
    private var trained: [Int]
    /// Whether each has said that it knows that the run is over.
    private var hasAcknowledgedShutdown: [Bool]
    /// Whether the present silence of each has been told: once for each silence.
    private var isNoted: [Bool]
    /// The round, or the step, that reports are counted for.
    package private(set) var round = 0

    /// Whether the server waits for one that comes back when all are lost; one that can do the work itself does not.
    package var waitsForReturn = true

    /// Called once for each worker of whom nothing was heard for long, though its process lives.
    package var whenSilent: (_ worker: Int, _ reason: String) -> Void = { _, _ in }
    /// Called for each rank that a worker has lost under it.
    package var whenLostBelow: (_ worker: Int, _ rank: Int, _ round: Int) -> Void = { _, _, _ in }

    /// Between two looks at processes, which the server may ask for between any two batches. In nanoseconds.
    private static let lookInterval = 10_000_000
    /// The lost are asked every so many pings: one that is cut off for hours must not find thousands.
    private static let pingsForTheLost = 5

    /// How long, in seconds, the server waits for what every living worker does soon, and for the first that comes back
    /// when all are lost.
    private var patience: Double { Patience.living(timeout) }

    /// - Parameters:
    ///   - pingInterval: workers answer between batches, so that this is also how fresh the progress is.
    ///   - elsewhere: workers that serve another server, until they are heard.
    ///   - state: what can be seen of a worker's process, without asking the worker.
    package init(
        control: any Communicator, stop: StopFlag, timeout: Duration, pingInterval: Duration, hosts: [String] = [],
        elsewhere: Range<Int> = 0..<0, state: @escaping (_ worker: Int) -> ProcessState
    ) {
        self.control = control
        stopFlag = stop
        self.timeout = timeout.seconds
        self.state = state
        let workers = control.size - 1
        self.hosts = hosts.isEmpty ? [String](repeating: "", count: workers) : hosts
        standing = (0..<workers).map { elsewhere.contains($0) ? .elsewhere : .member }
        heartbeat = Heartbeat(
            peers: workers, timeout: Int(timeout.seconds * 1e9),
            questions: .every(Int(min(pingInterval, timeout / 4).seconds * 1e9)), judgementInterval: Self.lookInterval,
            state: state)
        reasons = [String](repeating: "", count: workers)
        trained = [Int](repeating: 0, count: workers)
        hasAcknowledgedShutdown = [Bool](repeating: false, count: workers)
        isNoted = [Bool](repeating: false, count: workers)
    }

    /// The workers that take part, ascending.
    package var members: [Int] { standing.indices.filter { standing[$0] == .member } }

    /// Whether a worker takes part.
    package func isMember(_ worker: Int) -> Bool { standing[worker] == .member }

    /// Why a worker was lost, and what the user can do about it.
    package func reason(of worker: Int) -> String { reasons[worker] }

    /// Samples trained in this round, all attempts at it together, as far as the workers have said.
    package var samplesTrained: Int { trained.reduce(0, +) }

    /// Takes in again who returned, and starts to count for a round, or goes on counting for another attempt at it.
    /// - Returns: the workers that returned.
    package func startRound(_ round: Int) throws -> [Int] {
        let isNew = round != self.round
        let returned = try startStep(round)
        if isNew { for worker in trained.indices { trained[worker] = 0 } }
        startWaiting()
        return returned
    }

    /// Like `startRound`, in the midst of waiting: silence is not forgiven.
    /// - Returns: the workers that returned.
    package func startStep(_ step: Int) throws -> [Int] {
        round = step
        try hear()
        return takeIn()
    }

    /// Makes members of those that were heard again.
    ///
    /// - Returns: these workers, ascending.
    private func takeIn() -> [Int] {
        let returned = standing.indices.filter { standing[$0] == .returning }
        for worker in returned {
            standing[worker] = .member
            heartbeat.startAnew(worker)
        }
        return returned
    }

    /// To be called when the server did something else for a while: silence counts from here.
    package func startWaiting() {
        heartbeat.startAnew()
    }

    /// Something other than a report came from a worker.
    package func noteHeard(_ worker: Int) throws {
        heartbeat.noteHeard(worker)
        guard standing[worker] == .lost || standing[worker] == .elsewhere else { return }
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
        var lost: [(worker: Int, loss: Liveness.Loss)] = []
        // Who has understood that the run is over may be gone, while another has yet to be told.
        let judged = awaited.lazy.filter { self.isMember($0) && !self.hasAcknowledgedShutdown[$0] }
        try heartbeat.beat(hear: hear, ask: ping, judging: judged) { worker, seen, loss in
            if let loss {
                lost.append((worker, loss))
            } else if seen == .alive {
                noteSilence(of: worker)
            }
        }
        for (worker, loss) in lost {
            standing[worker] = .lost
            reasons[worker] = reason(of: worker, loss)
        }
        return lost.map(\.worker)
    }

    /// - Returns: whether the worker owes an answer.
    private func ping(_ worker: Int) throws -> Bool {
        let isMember = isMember(worker)
        guard standing[worker] != .elsewhere else { return false }
        guard
            isMember
                || heartbeat.questionRounds % Self.pingsForTheLost == 0 && [.alive, .unseen].contains(state(worker))
        else { return false }
        try ControlMessage(kind: .ping, round: round)
            .send(to: worker + 1, tag: ControlMessage.Tag.command, on: control)
        return isMember
    }

    private func reason(of worker: Int, _ loss: Liveness.Loss) -> String {
        guard case .silent(let seconds, _) = loss else { return "\(loss)" }
        let neighbours = hosts.indices.filter { hosts[$0] == hosts[worker] }
        let isHostSilent = neighbours.allSatisfy { heartbeat.silence(of: $0) > Int(timeout * 1e9 / 2) }
        let host = hosts[worker].isEmpty ? "its host" : "its host \(hosts[worker])"
        let cause =
            isHostSilent && neighbours.count > 1
            ? "\(host) cannot be reached, or is silent: none of its \(neighbours.count) ranks has answered for \(Int(seconds)) s"
            : "\(loss)"
        return "\(cause); if \(host) is only busy, --failure-timeout \(Int(patience.rounded(.up))) waits longer"
    }

    private func noteSilence(of worker: Int) {
        let silence = Double(heartbeat.silence(of: worker)) / 1e9
        guard silence > patience, !isNoted[worker] else { return }
        isNoted[worker] = true
        whenSilent(worker, "it has not answered for \(Int(silence)) s; its process lives, and is waited for")
    }

    /// A worker is waited for no longer, though it answers; it returns when it is heard again.
    package func exclude(_ worker: Int) {
        standing[worker] = .lost
        reasons[worker] = "it had not delivered at the hard limit"
    }

    /// Waits until a worker is back when all are lost, and takes in who is.
    /// - Returns: the workers that returned; empty when there are members.
    /// - Throws: `NoClientRanks` when no process is left, or none is heard in time.
    package func reassemble() throws -> [Int] {
        guard members.isEmpty else { return [] }
        var limit = WaitLimit(seconds: patience)
        var isLeft = true
        _ = try Backoff.default.wait { () throws in
            _ = try poll(awaiting: [])
            let isOver = limit.isOver() || !waitsForReturn && !standing.contains { $0 == .returning }
            isLeft = !isOver && standing.indices.contains { state($0) != .ended }
            return !isLeft || standing.contains { $0 == .returning }
        }
        guard isLeft else { throw NoClientRanks(reasons: reasons) }
        return takeIn()
    }

    /// Tells the workers that collectives are over.
    package func leaveCollectives() throws {
        try tell(.leaveCollectives)
    }

    /// Tells the workers that no update is wanted any longer.
    package func endOrders() throws {
        try tell(.endOrders)
    }

    /// Whether all members have understood that the run is over, or have ended.
    package func haveAllAcknowledgedShutdown() throws -> Bool {
        try hear()
        return members.allSatisfy { hasAcknowledgedShutdown[$0] || state($0) == .ended }
    }

    /// Tells the workers that the run is over.
    package func stop() throws {
        try tell(.stop)
    }

    /// Waits until the members have understood that the run is over: a message may be lost when its sender's process
    /// ends. Nobody waits for the lost.
    /// - Parameter serve: moves along what has to move meanwhile.
    /// - Returns: whether all did, or have ended.
    package func awaitShutdown(serving serve: () throws -> Void = {}) throws -> Bool {
        startWaiting()
        var limit = WaitLimit(seconds: patience)
        var haveAll = false
        _ = try Backoff.default.wait { () throws in
            try serve()
            haveAll = try haveAllAcknowledgedShutdown()
            guard !haveAll else { return true }
            let isOver = limit.isOver()
            return try !poll(awaiting: members).isEmpty || isOver
        }
        return haveAll
    }

    /// The lost are told as well: one that was only stopped finds the message when it goes on.
    private func tell(_ kind: ControlMessage.Kind) throws {
        let message = ControlMessage(kind: kind, round: round)
        for worker in standing.indices where state(worker) != .ended {
            try message.send(to: worker + 1, tag: ControlMessage.Tag.command, on: control)
        }
    }

    private func hear() throws {
        while let (source, message) = try ControlMessage.receive(tag: ControlMessage.Tag.report, on: control) {
            let worker = source - 1
            try noteHeard(worker)
            guard message.kind != .lostBelow else {
                whenLostBelow(worker, message.value, message.round)
                continue
            }
            if message.kind == .shutdownAcknowledged { hasAcknowledgedShutdown[worker] = true }
            if message.round == round { trained[worker] = message.value }
        }
    }
}
