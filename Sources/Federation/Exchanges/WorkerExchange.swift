import Devices
import FedCore
import MPI
import Records
import Runtime

/// The server's half of the exchange with client ranks: `MPI_Bcast` down and a `Wire` up while all ranks are
/// there; tasks and answers point to point once one was lost.
final class WorkerExchange: Exchange {
    private let communicator: any Communicator
    private let job: Job
    private let pool: WorkerPool
    private let wires: TaskWires
    private let tasks: PointToPointTasks
    /// Nil when the strategy keeps no state for a client.
    private let states: ClientStateSender?
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let transfers: TransferClock
    private let control: any Communicator
    private var frame: RoundFrame?
    let trainsElsewhere = true

    init(_ job: Job, _ channels: Channels, _ states: ClientStates?, _ pool: WorkerPool) throws {
        self.job = job
        self.pool = pool
        (communicator, control) = (channels.communicator, channels.control)
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        transfers = TransferClock(timeline, control: control)
        self.states = states.map { ClientStateSender($0, to: pool, on: channels.control) }
        wires = try TaskWires(job, on: communicator, transfers)
        tasks = PointToPointTasks(
            pool, on: control, parameterCount: job.vectors.down, cohortCapacity: job.frameCapacity, timeline)
        frame = RoundFrame(cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
    }

    var hasLostRanks: Bool { pool.hasLostRanks }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        try pool.startRound(round.number)
        try pool.assign(cohort) { task.cost($0, job) }
        startLimit(task)
        if !hasLostRanks {
            let isComplete = try runByCollectives(
                task, round: round, down: down, into: tally, besideTraining: besideTraining, progressed: progressed)
            if isComplete { return }
            if timeline.phase != .reform { timeline.enter(.reform) }
            try pool.leaveCollectives()
            startLimit(task)
        }
        for (worker, clients) in pool.pending.enumerated() {
            try send(task, for: clients, to: worker, round: round, down)
        }
        timeline.enter(.idle)
        try besideTraining { try heartbeat() }
        pool.startWaiting()
        timeline.enter(.wait)
        while !pool.pendingWorkers.isEmpty {
            _ = try Backoff.default.wait(until: .now + .milliseconds(100)) {
                try tasks.serve { answer, pending in
                    wires[task].open(answer, pending: &pending, round: round, into: tally)
                }
            }
            timeline.tick()
            progressed(pool.samplesTrained)
            let loss = try pool.findLost()
            if !loss.workers.isEmpty {
                let shares = try reassign(loss, task, tally)
                for (worker, clients) in shares { try send(task, for: clients, to: worker, round: round, down) }
                if !shares.isEmpty { startLimit(task) }
                timeline.enter(.wait)
            }
            if pool.isPastLimit { tally.giveUp(pool.excludeLate().count) }
        }
    }

    /// The server waits for no client longer than this in real time; without a deadline, and in tasks that are not timed, for
    /// as long as they answer.
    private func startLimit(_ task: ClientTask) {
        let settings = job.settings
        let isLimited = task.isTimed && settings.roundDeadline != nil && !settings.simulation.isVirtual
        pool.setLimit(seconds: isLimited ? settings.hardLimit : nil)
    }

    /// Gives what lost workers owed to others, unless it is to be left out.
    @discardableResult
    private func reassign(
        _ loss: WorkerPool.Loss, _ task: ClientTask, _ tally: (any AnswerReceiver)?
    ) throws -> [(worker: Int, clients: [Int])] {
        tally?.drop(loss.dropped.count)
        return try pool.assign(loss.clients) { task.cost($0, job) }
    }

    private func send(
        _ task: ClientTask, for clients: [Int], to worker: Int, round: RoundID, _ down: Span<Float>
    ) throws {
        try tasks.send(task, for: clients, to: worker, round: round, down: down)
        guard task.needsState(job) else { return }
        try states?.send(clients, to: worker, round: round)
    }

    func heartbeat() throws {
        try pool.heartbeat()
        timeline.tick()
    }

    func stop() throws {
        try pool.shutDown {
            pool.withdrawAll()
            guard try broadcast(nil, round: RoundID(0), nil, into: nil, progressed: {}) else { return false }
            try timekeeper.end(on: control)
            return true
        }
    }

    func dismiss() throws { try pool.dismiss() }

    // MARK: Collectives

    /// - Returns: false when a rank was lost or the hard limit is past; the rest is still owed.
    private func runByCollectives(
        _ task: ClientTask, round: RoundID, down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void, progressed: (Int) -> Void
    ) throws -> Bool {
        let wire = wires[task]
        let assignment = Assignment(clientsOfWorker: pool.pending)
        let isSent = try broadcast(task, round: round, down, into: tally) { progressed(pool.samplesTrained) }
        guard isSent else { return false }
        try sendStates(task, part: 0, assignment, round: round)
        try besideTraining { try heartbeat() }
        pool.startWaiting()
        for part in 0..<wire.partCount(assignment) {
            let isComplete = try wire.collect(
                round: round, part: part, assignment, into: tally,
                unless: {
                    timeline.tick()
                    progressed(pool.samplesTrained)
                    return try hasLost(task, tally) || pool.isPastLimit
                })
            guard isComplete else { return false }
            try sendStates(task, part: part + 1, assignment, round: round)
            for worker in pool.pending.indices {
                pool.pending[worker].removeFirst(wire.clients(of: worker, part: part, assignment).count)
            }
        }
        return true
    }

    /// Sends the frame of what is owed.
    /// - Parameter task: nil: the run is over.
    /// - Returns: false when a rank was lost.
    private func broadcast(
        _ task: ClientTask?, round: RoundID, _ down: Span<Float>?, into tally: (any AnswerReceiver)?,
        progressed: () -> Void
    ) throws -> Bool {
        guard var frame = self.frame.take() else { preconditionFailure("the frame is in use") }
        let assignment = Assignment(clientsOfWorker: pool.pending)
        timeline.enter(.encode)
        frame.setAssignment(assignment)
        if let down { frame.setWeights(down) }
        try transfers.enterCollective()
        var header = RoundFrame.Header(task?.kind ?? .stop, round, cohort: assignment.cohortSize)
        if timeline.isOn { (header.sent, header.gatherOpened) = (transfers.enteredShared, transfers.gatherOpened) }
        frame.setHeader(header)
        frame.seal()
        let byteCount = frame.buffer.count
        var request = try communicator.startBroadcast(frame.intoBuffer(), root: 0)
        while try !request.wait(until: .now + .milliseconds(100)) {
            timeline.tick()
            progressed()
            if try hasLost(task ?? .training, tally) { return false }
        }
        let sent = try request.wait()
        try transfers.endBroadcast(bytes: byteCount, clients: assignment.cohortSize)
        self.frame = RoundFrame(
            sent, cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
        return true
    }

    /// Sends the states of the clients of one part of the collectives.
    private func sendStates(_ task: ClientTask, part: Int, _ assignment: Assignment, round: RoundID) throws {
        let wire = wires[task]
        guard let states, task.needsState(job), part < wire.partCount(assignment) else { return }
        for worker in assignment.clientsOfWorker.indices {
            try states.send(wire.clients(of: worker, part: part, assignment), to: worker, round: round)
        }
    }

    /// Whether a rank is lost, so that the collective under way will not end; what it owed is then owed by others.
    private func hasLost(_ task: ClientTask, _ tally: (any AnswerReceiver)?) throws -> Bool {
        let loss = try pool.findLost(among: pool.members)
        guard !loss.workers.isEmpty else { return false }
        try reassign(loss, task, tally)
        return true
    }
}
