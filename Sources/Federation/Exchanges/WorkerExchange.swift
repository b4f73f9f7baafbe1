import Devices
import FedCore
import MPI
import Records
import Runtime

/// The server's half of the exchange with client ranks: one `MPI_Ibcast` down and a ``Wire`` up while all ranks are
/// there; orders and answers point to point once one was lost.
///
/// A collective with a dead member never completes, so none is waited for without looking: each wait polls
/// `WorkerPool`, and after a loss the request is given up (its buffers are leaked on purpose, because MPI may still
/// write to them) and what is still owed goes out as orders. `--on-failure reassign` gives a lost rank's clients to
/// others, to the same bits; `drop` leaves them out of the round. ClientLoop is the other half.
final class WorkerExchange: Exchange {
    private let communicator: any Communicator
    private let job: Job
    /// Who takes part, and who owes which clients.
    private let pool: WorkerPool
    /// The wire of each task.
    private let wires: TaskWires
    /// Orders, and answers to them.
    private let tasks: PointToPointTasks
    /// What clients keep; nil when they keep nothing.
    private let states: ClientStates?
    /// Sends clients' states, or letters to them; nil when there is nothing of the kind.
    private let mail: ClientMailSender?
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    /// Measures waiting apart from transfer.
    private let transfers: TransferClock
    /// The communicator of messages point to point.
    private let control: any Communicator
    /// The frame that is broadcast, reused from round to round; nil while MPI has it, and for good once a broadcast was
    /// given up.
    private var frame: RoundFrame?
    /// Whether the ranks have the weights that the next coded ones are a change of.
    private var ranksKnow = false
    /// Where clocks are aligned at the end.
    private let clock: any Communicator
    /// The edges that the workers are, at the cloud of a hierarchy; nil where they train.
    private let edges: EdgeTerms?
    /// The communicator, where it is one of groups of ranks; nil without a topology.
    private let tree: TreeCommunicator?
    /// What ``report`` says of the bytes between groups.
    private var network: Int?
    /// True: the server is free while clients train.
    let trainsElsewhere = true

    /// Makes the wires of all tasks, and memory for one frame.
    /// - Parameters:
    ///   - job: the run.
    ///   - channels: what connects the ranks.
    ///   - states: what clients keep; nil when they keep nothing.
    ///   - pool: the workers.
    init(_ job: Job, _ channels: Channels, _ states: ClientStates?, _ pool: WorkerPool) throws {
        self.job = job
        self.pool = pool
        (communicator, control, clock) = (channels.communicator, channels.control, channels.clock)
        edges = channels.edges == nil ? nil : job.edges
        tree = communicator as? TreeCommunicator
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        transfers = TransferClock(timeline, control: control, workers: communicator.size - 1)
        self.states = states
        mail = states == nil && job.secure == nil ? nil : ClientMailSender(to: pool, on: channels.control)
        wires = try TaskWires(job, on: communicator, transfers, edges: edges)
        tasks = PointToPointTasks(
            pool, on: control, parameterCount: job.vectors.down, cohortCapacity: job.frameCapacity, timeline)
        frame = RoundFrame(cohortCapacity: job.frameCapacity, parameterCount: job.frameFloats)
    }

    var hasLostRanks: Bool { pool.hasLostRanks }

    /// The bytes between groups of ranks, where there are some.
    var report: ExchangeReport {
        var report = ExchangeReport()
        report.network = network
        return report
    }

    /// Assigns the cohort to the workers, longest work first, and runs the task by collectives, or by orders when a
    /// rank is lost, in this round or before. At the hard limit (deadline plus time-out) workers that have not
    /// delivered are excluded until the next round, and their clients count as late.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        let before = bytesBetweenGroups
        defer { if task == .training { network = tree == nil ? nil : bytesBetweenGroups - before } }
        try pool.startRound(round.number)
        let trainedBefore = pool.samplesTrained
        func noteProgress() throws { try progressed(pool.samplesTrained - trainedBefore) }
        try assign(cohort, task)
        startLimit(task)
        if !hasLostRanks {
            let isComplete = try runByCollectives(
                task, round: round, down: down, into: tally, besideTraining: besideTraining, progressed: noteProgress)
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
            try noteProgress()
            let loss = try pool.findLost()
            if !loss.workers.isEmpty {
                let shares = try reassign(loss, task, tally)
                for (worker, clients) in shares {
                    try send(task, for: clients, to: worker, round: round, down)
                }
                if !shares.isEmpty { startLimit(task) }
                timeline.enter(.wait)
            }
            if pool.isPastLimit { tally.markLate(pool.excludeLate().count) }
        }
    }

    /// Bytes that have crossed between the groups of ranks so far: by collectives, and by orders and their answers.
    private var bytesBetweenGroups: Int {
        guard let tree else { return 0 }
        return tree.bytesBetweenGroups
            + tasks.bytesOfWorker.enumerated().reduce(0) { $0 + (tree.isNear($1.offset + 1) ? 0 : $1.element) }
    }

    /// Sets the hard limit from here on: the server waits for no client longer in real time. Without a deadline, in
    /// virtual time, and in tasks that are not timed it waits for as long as the workers live.
    private func startLimit(_ task: ClientTask) {
        let settings = job.settings
        let isLimited = task.isTimed && settings.roundDeadline != nil && !settings.simulation.isVirtual
        pool.setLimit(seconds: isLimited ? settings.hardLimit : nil)
    }

    /// Gives what lost workers owed to others, unless it is to be left out (`--on-failure drop`).
    /// - Parameters:
    ///   - loss: the workers that were lost, and their clients.
    ///   - task: what the clients are asked for, which says what they cost.
    ///   - tally: told of clients that are left out; nil at the end of a run.
    /// - Returns: who has been given what.
    @discardableResult
    private func reassign(
        _ loss: WorkerPool.Loss, _ task: ClientTask, _ tally: (any AnswerReceiver)?
    ) throws -> [(worker: Int, clients: [Int])] {
        tally?.drop(loss.dropped.count)
        return try assign(loss.clients, task)
    }

    /// Deals clients out to the workers; those of an edge together.
    @discardableResult
    private func assign(_ clients: [Int], _ task: ClientTask) throws -> [(worker: Int, clients: [Int])] {
        guard let edges else { return try pool.assign(clients) { task.cost($0, job) } }
        return try pool.assign(groups: edges.groups(of: clients)) { task.cost($0, job) }
    }

    /// The clients of the workers that take part in collectives.
    private var assignment: Assignment {
        Assignment(clientsOfWorker: Array(pool.pending.prefix(communicator.size - 1)))
    }

    /// Sends a worker an order for these clients, and behind it their mail, if the task needs it. Does not wait.
    private func send(
        _ task: ClientTask, for clients: [Int], to worker: Int, round: RoundID, _ down: DownMessage
    ) throws {
        try tasks.send(
            task, for: clients, to: worker, round: round, down: down.weights.span, terms: down.terms)
        try sendMail(task, for: clients, to: worker, round: round, down)
    }

    /// Sends a worker what is for these clients alone, if the task needs it.
    private func sendMail(
        _ task: ClientTask, for clients: some Sequence<Int>, to worker: Int, round: RoundID, _ down: DownMessage
    ) throws {
        guard let mail, task.needsMail(job) else { return }
        let content = states.map { ClientMail.states($0) } ?? .letters(down.letters)
        try mail.send(content, for: clients, to: worker, job.occasion(task, round))
    }

    /// Pings the workers, and moves messages along.
    func heartbeat() throws {
        try pool.heartbeat()
        timeline.tick()
    }

    /// Ends the run by a frame that says so, and by a message to each worker once a rank was lost. Returns when each
    /// worker has understood, so that `MPI_Finalize` has nothing to wait for.
    func stop() throws {
        try pool.shutDown {
            pool.withdrawAll()
            guard try broadcast(nil, round: RoundID(0), nil, into: nil, progressed: {}) else { return false }
            try timekeeper.end(on: clock)
            return true
        }
    }

    /// Tells each worker that the run is over, wherever it is.
    func dismiss() throws { try pool.dismiss() }

    // MARK: Collectives

    /// Runs the task by one broadcast and the wire's parts. Mail goes out one part ahead, so that it arrives while the
    /// part before is collected.
    /// - Returns: false when a rank was lost or the hard limit is past; what is still owed is then in `pool.pending`.
    private func runByCollectives(
        _ task: ClientTask, round: RoundID, down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void, progressed: () throws -> Void
    ) throws -> Bool {
        let (wire, assignment) = (wires[task], assignment)
        let isSent = try broadcast(task, round: round, down, into: tally, progressed: progressed)
        guard isSent else { return false }
        try sendMail(task, part: 0, assignment, round: round, down)
        try besideTraining { try heartbeat() }
        pool.startWaiting()
        for part in 0..<wire.partCount(assignment) {
            let isComplete = try wire.collect(
                round: round, part: part, assignment, into: tally,
                unless: {
                    timeline.tick()
                    try progressed()
                    return try hasLost(task, tally) || pool.isPastLimit
                })
            guard isComplete else { return false }
            try sendMail(task, part: part + 1, assignment, round: round, down)
            for worker in assignment.clientsOfWorker.indices {
                pool.pending[worker].removeFirst(wire.clients(of: worker, part: part, assignment).count)
            }
        }
        return true
    }

    /// Broadcasts the frame of what is owed. While it is under way lost ranks are looked for ten times a second.
    /// - Parameters:
    ///   - task: what is asked for; nil says that the run is over.
    ///   - round: number and attempt.
    ///   - down: what goes down; nil leaves what the frame holds.
    ///   - tally: told of clients that are left out when a rank is lost.
    ///   - progressed: called ten times a second.
    /// - Returns: false when a rank was lost, and the broadcast is given up.
    private func broadcast(
        _ task: ClientTask?, round: RoundID, _ down: DownMessage?, into tally: (any AnswerReceiver)?,
        progressed: () throws -> Void
    ) throws -> Bool {
        guard var frame = self.frame.take() else { preconditionFailure("the frame is in use") }
        let assignment = assignment
        timeline.enter(.encode)
        let terms = down?.terms ?? RoundTerms()
        frame.setAssignment(assignment, terms)
        let apart = down.flatMap { self.weightsApart($0) }
        if let down, !job.sendsWeightsApart { frame.setWeights(down.weights.span) }
        try transfers.enterCollective()
        var header = RoundFrame.Header(task?.kind ?? .stop, round, cohort: assignment.cohortSize, terms)
        if timeline.isOn { (header.sent, header.gatherOpened) = (transfers.enteredShared, transfers.gatherOpened) }
        if down?.form == DownMessage.Form.none { header.form = .none }
        if let apart {
            header.form = apart.form
            if apart.form == .coded {
                (header.codedBytes, header.codedChecksum) = (apart.bytes.count, CRC32C.of(apart.bytes.span.bytes))
            }
        }
        frame.setHeader(header)
        frame.seal()
        let byteCount = frame.buffer.count + (apart?.bytes.count ?? 0)
        func isInVain() throws -> Bool {
            timeline.tick()
            try progressed()
            return try hasLost(task ?? .training, tally)
        }
        var request = try communicator.startBroadcast(frame.intoBuffer(), root: 0)
        if try request.isGivenUp(isInVain) { return false }
        let sent = try request.wait()
        if let apart {
            var request = try communicator.startBroadcast(Buffer(apart.bytes), root: 0)
            if try request.isGivenUp(isInVain) { return false }
            _ = try request.wait()
            ranksKnow = ranksKnow || apart.form != .plain
        }
        try transfers.endBroadcast(bytes: byteCount, clients: assignment.cohortSize)
        self.frame = RoundFrame(sent, cohortCapacity: job.frameCapacity, parameterCount: job.frameFloats)
        return true
    }

    /// The weights as they cross behind the frame, in a broadcast that all ranks know the length of by then: in coded
    /// form, or, where the ranks do not have those before, such as at the beginning of a resumed run, as they are. Nil
    /// when they cross in the frame.
    private func weightsApart(_ down: DownMessage) -> (form: DownMessage.Form, bytes: [UInt8])? {
        guard job.sendsWeightsApart, down.form != .none else { return nil }
        if down.form == .coded, ranksKnow { return (.coded, down.coded) }
        return (down.form == .plain ? .plain : .whole, down.weights.withUnsafeBytes { [UInt8]($0) })
    }

    /// Sends the mail of the clients of one part of the collectives, if there is such a part.
    private func sendMail(
        _ task: ClientTask, part: Int, _ assignment: Assignment, round: RoundID, _ down: DownMessage
    ) throws {
        let wire = wires[task]
        guard part < wire.partCount(assignment) else { return }
        for worker in assignment.clientsOfWorker.indices {
            try sendMail(
                task, for: wire.clients(of: worker, part: part, assignment), to: worker, round: round, down)
        }
    }

    /// Whether a rank is lost, so that the collective under way will not end. What it owed is assigned to others at
    /// once; they are sent orders when the collectives have been left.
    private func hasLost(_ task: ClientTask, _ tally: (any AnswerReceiver)?) throws -> Bool {
        let loss = try pool.findLost(among: pool.members)
        guard !loss.workers.isEmpty else { return false }
        try reassign(loss, task, tally)
        return true
    }
}
