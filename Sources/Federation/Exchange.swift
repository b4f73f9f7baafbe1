import FedCore
import MPI

/// One round's way down and up: how the server reaches the cohort and gets its updates.
protocol Exchange: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }

    /// - Parameters:
    ///   - besideTraining: work of the server that needs no client, done while other ranks train. It calls the heartbeat
    ///     it is given every so often.
    ///   - progressed: samples trained so far, a few times a second.
    ///   - receive: each client's envelope, or what is wrong with it, and the change of its weights; never called for a
    ///     client that was dropped with its rank.
    func run(
        round: Int, cohort: [Int], global: Span<Float>,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void,
        receive: Receive
    ) throws

    /// Tells the workers that the run is over.
    func stop() throws
}

/// All client ranks are lost.
struct NoClientRanks: Error, CustomStringConvertible {
    var description: String { "no client rank is left" }
}

/// The server's half of the exchange with client ranks: `MPI_Bcast` down and `GathervWire` up while all ranks are
/// there; orders and answers point to point once one was lost.
final class WorkerExchange: Exchange {
    private let communicator: any Communicator
    private let job: Job
    private let membership: Membership
    private let wire: GathervWire
    private let desk: OrderDesk
    private let events: RankEvents
    private var frame: RoundFrame?
    private(set) var hasLostRanks = false
    let trainsElsewhere = true

    init(
        _ job: Job, _ communicator: any Communicator, control: any Communicator, membership: Membership,
        events: RankEvents
    ) {
        self.communicator = communicator
        self.job = job
        self.membership = membership
        self.events = events
        let parameterCount = job.model.parameterCount
        let cohortSize = job.settings.cohortSize
        wire = GathervWire(communicator, parameterCount: parameterCount, cohortSize: cohortSize)
        desk = OrderDesk(control: control, parameterCount: parameterCount, cohortCapacity: cohortSize)
        frame = RoundFrame(cohortCapacity: cohortSize, parameterCount: parameterCount)
    }

    func run(
        round: Int, cohort: [Int], global: Span<Float>,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void,
        receive: Receive
    ) throws {
        for worker in try membership.startRound(round) { events.returned(worker + 1, round) }
        var owed = assign(cohort)
        if !hasLostRanks {
            let isComplete = try runByCollectives(
                round: round, owed: &owed, global: global, besideTraining: besideTraining, progressed: progressed,
                receive: receive)
            if isComplete { return }
            try membership.leaveCollectives()
        }
        for (worker, clients) in owed.enumerated() {
            try desk.order(clients, from: worker, round: round, global: global)
        }
        try besideTraining { try heartbeat() }
        membership.startWaiting()
        while !desk.debtors.isEmpty {
            let deadline = ContinuousClock.now + .milliseconds(100)
            _ = try Backoff.default.wait(until: deadline) {
                try desk.serve(round: round, heard: { try membership.noteHeard($0) }, receive: receive)
            }
            progressed(membership.samplesTrained)
            for worker in try membership.poll(awaiting: desk.debtors) {
                let clients = lose(worker, desk.withdraw(worker), round: round)
                for (worker, clients) in try distribute(clients) {
                    try desk.order(clients, from: worker, round: round, global: global)
                }
            }
        }
    }

    func stop() throws {
        membership.startWaiting()
        if !hasLostRanks {
            var none = assign([])
            let isComplete = try broadcast(.stop, round: 0, &none, nil, progressed: {})
            if isComplete { return }
        }
        try membership.stop()
    }

    // MARK: Collectives

    /// - Parameter owed: per worker, the clients whose updates are still to come; what is lost is dealt out again.
    /// - Returns: false when a rank was lost; the rest is to be ordered.
    private func runByCollectives(
        round: Int, owed: inout [[Int]], global: Span<Float>,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void, progressed: (Int) -> Void, receive: Receive
    ) throws -> Bool {
        let assignment = Assignment(clientsOfWorker: owed)
        let isSent = try broadcast(.train, round: round, &owed, global) { progressed(membership.samplesTrained) }
        guard isSent else { return false }
        try besideTraining { try heartbeat() }
        membership.startWaiting()
        for wave in 0..<wire.waveCount(assignment) {
            let isComplete = try wire.collect(
                round: round, wave: wave, assignment,
                unless: {
                    progressed(membership.samplesTrained)
                    return try loseSilent(&owed, round: round)
                }, receive: receive)
            guard isComplete else { return false }
            for worker in owed.indices { owed[worker].removeFirst(min(wire.slotsPerWave, owed[worker].count)) }
        }
        return true
    }

    private func broadcast(
        _ kind: RoundFrame.Kind, round: Int, _ owed: inout [[Int]], _ global: Span<Float>?, progressed: () -> Void
    ) throws -> Bool {
        guard var frame = self.frame.take() else { preconditionFailure("the frame is in use") }
        let assignment = Assignment(clientsOfWorker: owed)
        frame.setHeader(kind, round: round, cohort: assignment.cohortSize)
        frame.setAssignment(assignment)
        if let global { frame.setWeights(global) }
        frame.seal()
        var request = try communicator.startBroadcast(frame.intoBuffer(), root: 0)
        while try !request.wait(until: .now + .milliseconds(100)) {
            progressed()
            if try loseSilent(&owed, round: round) { return false }
        }
        self.frame = RoundFrame(
            try request.wait(), cohortCapacity: job.settings.cohortSize, parameterCount: job.model.parameterCount)
        return true
    }

    /// Whether a rank is lost; what it owed is then dealt out to the others.
    private func loseSilent(_ owed: inout [[Int]], round: Int) throws -> Bool {
        let lost = try membership.poll(awaiting: membership.members)
        for worker in lost {
            let clients = lose(worker, owed[worker], round: round)
            owed[worker] = []
            for (worker, clients) in try distribute(clients) { owed[worker] += clients }
        }
        return !lost.isEmpty
    }

    // MARK: Losses

    /// The clients of a lost worker that others are to train.
    private func lose(_ worker: Int, _ clients: [Int], round: Int) -> [Int] {
        hasLostRanks = true
        let isDropped = job.settings.onFailure == .drop
        events.lost(worker + 1, round, clients, isDropped)
        return isDropped ? [] : clients
    }

    private func assign(_ cohort: [Int]) -> [[Int]] {
        var owed = [[Int]](repeating: [], count: communicator.size - 1)
        let members = membership.members
        guard !members.isEmpty else { return owed }
        let assignment = Assignment(cohort: cohort, workers: members.count) { job.partition.count(of: $0) }
        for (worker, clients) in zip(members, assignment.clientsOfWorker) { owed[worker] = clients }
        return owed
    }

    private func distribute(_ clients: [Int]) throws -> [(worker: Int, clients: [Int])] {
        let members = membership.members
        guard !members.isEmpty else { throw NoClientRanks() }
        let assignment = Assignment(cohort: clients, workers: members.count) { job.partition.count(of: $0) }
        return zip(members, assignment.clientsOfWorker).map { (worker: $0, clients: $1) }
    }

    /// Keeps the workers from taking a busy server for dead.
    private func heartbeat() throws {
        _ = try membership.poll(awaiting: [])
    }
}

/// What the server tells of ranks that come and go.
struct RankEvents {
    var lost: (_ rank: Int, _ round: Int, _ clients: [Int], _ areDropped: Bool) -> Void
    var returned: (_ rank: Int, _ round: Int) -> Void
}

/// The light simulation: one process is the server and trains every client itself.
final class LocalExchange: Exchange {
    private let job: Job
    private let trainer: LocalTrainer
    private let stopFlag: StopFlag
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ job: Job, stop: StopFlag) throws {
        stopFlag = stop
        self.job = job
        trainer = try LocalTrainer(job)
    }

    func run(
        round: Int, cohort: [Int], global: Span<Float>,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void,
        receive: Receive
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        var change = [Float](repeating: 0, count: job.model.parameterCount)
        for client in cohort {
            var span = change.mutableSpan
            let result = try trainer.train(client: client, round: round, global: global, change: &span) { count in
                try stopFlag.check()
                trained += count
                guard ContinuousClock.now - last >= .milliseconds(200) else { return }
                last = .now
                progressed(trained)
            }
            let envelope = UpdateSlot.Envelope(
                client: client, round: round, result: result, payloadBytes: change.count * 4)
            try receive(client, .success(envelope), change.span)
        }
    }

    func stop() {}
}
