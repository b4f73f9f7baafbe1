import Devices
import FedCore
import MPI
import Records
import Runtime

/// One way down and up: how the server reaches clients and gets their answers.
package protocol Exchange: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }
    /// What led to the last step of an asynchronous server; nil of others.
    var step: AsynchronousStep? { get }
    /// What an asynchronous run needs to go on after its last step, beside the weights; empty of others.
    var asynchronousState: [UInt8] { get }
    /// What crossed for the clients in the last exchange, in bytes; nil: a frame down and an update up for each.
    var traffic: RoundTraffic? { get }

    /// - Parameters:
    ///   - task: what the cohort is to do.
    ///   - down: the global weights, and what the strategy sends beside them.
    ///   - besideTraining: work of the server that needs no client, done while other ranks train. It calls the heartbeat
    ///     it is given every so often.
    ///   - progressed: samples trained so far, a few times a second.
    ///   - tally: receives what comes of each client.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws

    /// To be called every so often while the server does something else: the workers hear that it is there.
    func heartbeat() throws

    /// Tells the workers that the run is over.
    func stop() throws

    /// Tells the workers that the run has failed: they leave it wherever they are.
    func dismiss() throws
}

extension Exchange {
    package var traffic: RoundTraffic? { nil }
}

/// Bytes between the server and the clients of an exchange.
package struct RoundTraffic: Sendable, Equatable {
    package var upload = 0
    package var download = 0

    package init() {}
}

/// The server's half of the exchange with client ranks: `MPI_Bcast` down and a `Wire` up while all ranks are
/// there; orders and answers point to point once one was lost.
final class WorkerExchange: Exchange {
    private let communicator: any Communicator
    private let job: Job
    private let membership: Membership
    private let wires: TaskWires
    private let desk: OrderDesk
    /// Sends the clients' states; nil when the strategy keeps none.
    private let post: StatePost?
    private let faulted: (FaultRecord) -> Void
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let transfers: TransferClock
    private let control: any Communicator
    private var frame: RoundFrame?
    /// Or left behind in a collective.
    private(set) var hasLostRanks = false
    private var limit: ContinuousClock.Instant?
    let trainsElsewhere = true

    init(
        _ job: Job, _ communicator: any Communicator, control: any Communicator, _ states: ClientStates?,
        membership: Membership,
        faulted: @escaping (FaultRecord) -> Void, _ timekeeper: Timekeeper
    ) throws {
        self.timekeeper = timekeeper
        self.control = control
        timeline = timekeeper.timeline
        transfers = TransferClock(timeline, control: control)
        self.communicator = communicator
        self.job = job
        self.membership = membership
        self.faulted = faulted
        post = states.map { StatePost($0, control: control) }
        wires = try TaskWires(job, on: communicator, faults: FaultInjector([], rank: 0), transfers)
        desk = OrderDesk(
            control: control, parameterCount: job.vectors.down, cohortCapacity: job.frameCapacity, timeline)
        frame = RoundFrame(cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
    }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        for worker in try membership.startRound(round.number) {
            faulted(FaultRecord(round: round.number, kind: .rankReturned, rank: worker + 1))
        }
        var owed = try assign(cohort, for: task)
        startWaiting(for: job.settings.hardLimit, task)
        if !hasLostRanks {
            let isComplete = try runByCollectives(
                task, round: round, owed: &owed, down: down, into: tally, besideTraining: besideTraining,
                progressed: progressed)
            if isComplete { return }
            hasLostRanks = true
            timeline.enter(.reform)
            try membership.leaveCollectives()
            startWaiting(for: job.settings.hardLimit, task)
        }
        for (worker, clients) in owed.enumerated() {
            try order(task, of: clients, from: worker, round: round, down)
        }
        timeline.enter(.idle)
        try besideTraining { try heartbeat() }
        membership.startWaiting()
        timeline.enter(.wait)
        while !desk.debtors.isEmpty {
            let deadline = ContinuousClock.now + .milliseconds(100)
            _ = try Backoff.default.wait(until: deadline) {
                try desk.serve(round: round, by: wires[task], into: tally, heard: { try membership.noteHeard($0) })
            }
            timeline.tick()
            progressed(membership.samplesTrained)
            let lost = try membership.poll(awaiting: desk.debtors)
            if !lost.isEmpty {
                timeline.enter(.reform, peer: lost[0] + 1)
                let clients = lost.flatMap { lose($0, desk.withdraw($0), round: round, into: tally) }
                let shares = try distribute(clients, for: task)
                for (worker, clients) in shares {
                    try order(task, of: clients, from: worker, round: round, down)
                }
                if !shares.isEmpty { startWaiting(for: job.settings.hardLimit, task) }
                timeline.enter(.wait)
            }
            if isPastLimit { giveUp(round: round, into: tally) }
        }
    }

    // MARK: The hard limit

    /// The server waits for no client longer than this in real time; without a deadline, and in tasks that are not timed, for
    /// as long as they answer.
    private func startWaiting(for seconds: Double, _ task: ClientTask) {
        let settings = job.settings
        limit = nil
        guard task.isTimed, settings.roundDeadline != nil, !settings.simulation.isVirtual else { return }
        limit = .now + .seconds(seconds)
    }

    private var isPastLimit: Bool { limit.map { ContinuousClock.now > $0 } ?? false }

    /// Ranks that answer, but have not delivered, are out until the next round, and so are their clients.
    private func giveUp(round: RoundID, into tally: any AnswerReceiver) {
        for worker in desk.debtors {
            let clients = desk.withdraw(worker)
            membership.exclude(worker)
            tally.giveUp(clients.count)
            faulted(FaultRecord(round: round.number, kind: .clientsLate, rank: worker + 1, clients: clients))
        }
    }

    func stop() throws {
        membership.startWaiting()
        if !hasLostRanks {
            var none = try assign([], for: .training)
            let isComplete = try broadcast(nil, round: RoundID(0), &none, nil, nil, progressed: {})
            if isComplete {
                try timekeeper.end(on: control)
                if try membership.waitForFarewells() { return }
            }
            hasLostRanks = true
        }
        try dismiss()
    }

    func dismiss() throws {
        try membership.stop()
        _ = try membership.waitForFarewells()
    }

    // MARK: Collectives

    /// - Parameter owed: per worker, the clients whose updates are still to come; what is lost is dealt out again.
    /// - Returns: false when a rank was lost or the hard limit is past; the rest is to be ordered.
    private func runByCollectives(
        _ task: ClientTask, round: RoundID, owed: inout [[Int]], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void, progressed: (Int) -> Void
    ) throws -> Bool {
        let wire = wires[task]
        let assignment = Assignment(clientsOfWorker: owed)
        let isSent = try broadcast(task, round: round, &owed, down, tally) {
            progressed(membership.samplesTrained)
        }
        guard isSent else { return false }
        try sendStates(task, part: 0, assignment, round: round)
        try besideTraining { try heartbeat() }
        membership.startWaiting()
        for part in 0..<wire.partCount(assignment) {
            let isComplete = try wire.collect(
                round: round, part: part, assignment, into: tally,
                unless: {
                    timeline.tick()
                    progressed(membership.samplesTrained)
                    return try loseSilent(&owed, of: task, round: round, into: tally) || isPastLimit
                })
            guard isComplete else { return false }
            try sendStates(task, part: part + 1, assignment, round: round)
            for worker in owed.indices {
                owed[worker].removeFirst(wire.clients(of: worker, part: part, assignment).count)
            }
        }
        return true
    }

    /// - Parameter task: nil: the run is over.
    private func broadcast(
        _ task: ClientTask?, round: RoundID, _ owed: inout [[Int]], _ down: Span<Float>?,
        _ tally: (any AnswerReceiver)?,
        progressed: () -> Void
    ) throws -> Bool {
        guard var frame = self.frame.take() else { preconditionFailure("the frame is in use") }
        let assignment = Assignment(clientsOfWorker: owed)
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
            if try loseSilent(&owed, of: task ?? .training, round: round, into: tally) { return false }
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
        guard let post, task.needsState(job), part < wire.partCount(assignment) else { return }
        for worker in assignment.clientsOfWorker.indices {
            try post.send(wire.clients(of: worker, part: part, assignment), to: worker, round: round)
        }
    }

    private func order(
        _ task: ClientTask, of clients: [Int], from worker: Int, round: RoundID, _ down: Span<Float>
    ) throws {
        try desk.order(task, of: clients, from: worker, round: round, down: down)
        guard task.needsState(job) else { return }
        try post?.send(clients, to: worker, round: round)
    }

    /// Whether a rank is lost; what it owed is then dealt out to the others.
    private func loseSilent(
        _ owed: inout [[Int]], of task: ClientTask, round: RoundID, into tally: (any AnswerReceiver)?
    ) throws -> Bool {
        let lost = try membership.poll(awaiting: membership.members)
        var clients: [Int] = []
        for worker in lost {
            clients += lose(worker, owed[worker], round: round, into: tally)
            owed[worker] = []
        }
        for (worker, clients) in try distribute(clients, for: task) { owed[worker] += clients }
        return !lost.isEmpty
    }

    // MARK: Losses

    /// The clients of a lost worker that others are to train.
    private func lose(_ worker: Int, _ clients: [Int], round: RoundID, into tally: (any AnswerReceiver)?) -> [Int] {
        hasLostRanks = true
        post?.withdraw(worker)
        let isDropped = job.settings.onFailure == .drop
        faulted(
            FaultRecord(
                round: round.number, kind: isDropped ? .rankDropped : .rankLost, rank: worker + 1, clients: clients,
                reason: membership.reason(of: worker)))
        if isDropped { tally?.drop(clients.count) }
        return isDropped ? [] : clients
    }

    private func assign(_ cohort: [Int], for task: ClientTask) throws -> [[Int]] {
        var owed = [[Int]](repeating: [], count: communicator.size - 1)
        for (worker, clients) in try distribute(cohort, for: task) { owed[worker] = clients }
        return owed
    }

    /// Deals clients out to the members; when all are lost, to the first that are back.
    private func distribute(_ clients: [Int], for task: ClientTask) throws -> [(worker: Int, clients: [Int])] {
        guard !clients.isEmpty else { return [] }
        for worker in try membership.reassemble() {
            faulted(FaultRecord(round: membership.round, kind: .rankReturned, rank: worker + 1))
        }
        let members = membership.members
        let assignment = Assignment(cohort: clients, workers: members.count) { task.cost($0, job) }
        return zip(members, assignment.clientsOfWorker).map { (worker: $0, clients: $1) }
    }

    /// Keeps the workers from taking a busy server for dead.
    func heartbeat() throws {
        _ = try membership.poll(awaiting: [])
        try post?.advance()
        timeline.tick()
    }
}
