import FedCore
package import Records

/// The server's workers, as every exchange deals with them: who takes part, who owes which clients, what becomes of a lost
/// worker's clients, until when the server waits, and how the run ends.
///
/// ``Membership`` says who is alive; the pool knows what that means for the work. How work reaches a worker, and how answers
/// come back, is the exchange's own.
package final class WorkerPool {
    /// Who is alive.
    private let membership: Membership
    /// Whether a lost worker's clients are left out, and not given to others.
    private let dropsClients: Bool
    /// Where the time of re-arranging is noted.
    private let timeline: Timeline
    /// Told of each rank that is lost, late or back.
    private let faulted: (FaultRecord) -> Void
    /// Messages under way, some of which a loss makes void.
    private var messages: [WorkerMessages] = []
    /// Until when this round waits for workers; nil: for as long as they live.
    private var limit: ContinuousClock.Instant?

    /// Per worker, the clients that it has been given and has not answered for, in the order of its work.
    package var pending: [[Int]]
    /// Whether a rank was lost, or left behind in a collective: MPI cannot be finalised, and collectives are over.
    package private(set) var hasLostRanks = false
    /// Whether a rank was lost that works under another: collectives end with the round.
    private var hasLostBelow = false

    /// The workers that were lost, and what becomes of the clients that they owed.
    package struct Loss: Equatable {
        /// Ascending.
        package var workers: [Int] = []
        /// To be given to others.
        package var clients: [Int] = []
        /// Left out of the round.
        package var dropped: [Int] = []
    }

    /// - Parameters:
    ///   - dropsClients: whether a lost worker's clients are left out, instead of being given to others.
    ///   - faulted: told of each rank that is lost, late or back.
    package init(
        _ membership: Membership, workers: Int, dropsClients: Bool, _ timeline: Timeline,
        faulted: @escaping (FaultRecord) -> Void
    ) {
        self.membership = membership
        self.dropsClients = dropsClients
        self.timeline = timeline
        self.faulted = faulted
        pending = [[Int]](repeating: [], count: workers)
    }

    /// Messages of which those with a lost worker are to be forgotten.
    package func look(after messages: WorkerMessages) { self.messages.append(messages) }

    // MARK: Members

    /// The workers that take part, ascending.
    package var members: [Int] { membership.members }

    /// Samples trained in this round, all attempts at it together, as far as the workers have said.
    package var samplesTrained: Int { membership.samplesTrained }

    /// Takes in again who was lost and has been heard since, and starts to count for a round, in which nobody owes anything yet.
    package func startRound(_ round: Int) throws {
        withdrawAll()
        noteReturned(try membership.startRound(round))
        if hasLostBelow { try leaveCollectives() }
    }

    /// A rank is lost that works under one of the workers: MPI cannot be finalised.
    package func noteLostBelow() { hasLostBelow = true }

    /// Like `startRound`, in the midst of the work: what is owed stays owed, and silence is not forgiven.
    package func startStep(_ step: Int) throws {
        noteReturned(try membership.startStep(step))
    }

    /// When all are lost, waits for the first that are back.
    /// - Throws: `NoClientRanks` when nobody comes back.
    package func reassemble() throws {
        noteReturned(try membership.reassemble())
    }

    private func noteReturned(_ workers: [Int]) {
        for worker in workers {
            faulted(FaultRecord(round: membership.round, kind: .rankReturned, rank: worker + 1))
        }
    }

    /// Something other than a report came from a worker.
    package func noteHeard(_ worker: Int) throws { try membership.noteHeard(worker) }

    /// To be called when the server did something else for a while: silence counts from here.
    package func startWaiting() { membership.startWaiting() }

    /// Keeps the workers from taking a busy server for dead.
    package func heartbeat() throws {
        _ = try membership.poll(awaiting: [])
        for messages in messages { try messages.advance() }
    }

    // MARK: Work

    /// The workers that owe something, ascending.
    package var pendingWorkers: [Int] { pending.indices.filter { !pending[$0].isEmpty } }

    /// Deals clients out to the members, so that they are done together; when all are lost, to the first that are back.
    /// - Parameter cost: of a client's work, relative to others'.
    /// - Returns: who has been given what; it is owed from here on.
    @discardableResult
    package func assign(_ clients: [Int], cost: (Int) -> Int) throws -> [(worker: Int, clients: [Int])] {
        try assign(groups: clients.map { [$0] }, cost: cost)
    }

    /// Deals groups of clients out, each to one member.
    /// - Returns: who has been given what; groups lie one behind another.
    @discardableResult
    package func assign(groups: [[Int]], cost: (Int) -> Int) throws -> [(worker: Int, clients: [Int])] {
        guard !groups.isEmpty else { return [] }
        try reassemble()
        let members = members
        let assignment = Assignment(cohort: Array(groups.indices), workers: members.count) { group in
            groups[group].reduce(0) { $0 + cost($1) }
        }
        let shares = zip(members, assignment.clientsOfWorker)
            .map { (worker: $0, clients: Array($1.map { groups[$0] }.joined())) }
            .filter { !$0.clients.isEmpty }
        for (worker, clients) in shares { pending[worker] += clients }
        return shares
    }

    /// Gives a client to one worker.
    package func assign(_ client: Int, to worker: Int) { pending[worker].append(client) }

    /// The worker that owes a client's answer; nil when nobody does.
    package func worker(owing client: Int) -> Int? { pending.firstIndex { $0.contains(client) } }

    /// A client's answer is there, or will not be waited for.
    package func settle(_ client: Int) {
        guard let worker = worker(owing: client) else { return }
        pending[worker].removeAll { $0 == client }
    }

    /// Nobody owes anything any longer.
    package func withdrawAll() {
        for worker in pending.indices { pending[worker] = [] }
    }

    // MARK: Losses

    /// Hears the workers, and finds who is lost: each is left, with the messages to and from it, and collectives with it.
    /// - Parameter awaited: the workers that something is expected of; nil: those that owe something.
    /// - Throws: `Interruption` when the run is asked to stop.
    package func findLost(among awaited: [Int]? = nil) throws -> Loss {
        var loss = Loss()
        for worker in try membership.poll(awaiting: awaited ?? pendingWorkers) {
            timeline.enter(.reform, peer: worker + 1)
            let clients = withdraw(worker)
            loss.workers.append(worker)
            if dropsClients { loss.dropped += clients } else { loss.clients += clients }
            faulted(
                FaultRecord(
                    round: membership.round, kind: dropsClients ? .rankDropped : .rankLost, rank: worker + 1,
                    clients: clients, reason: membership.reason(of: worker)))
        }
        if !loss.workers.isEmpty { try leaveCollectives() }
        return loss
    }

    /// Tells the workers that collectives are over: one would never complete, or is given up.
    package func leaveCollectives() throws {
        guard !hasLostRanks else { return }
        hasLostRanks = true
        try membership.leaveCollectives()
    }

    /// - Returns: what it owed.
    private func withdraw(_ worker: Int) -> [Int] {
        for messages in messages { messages.withdraw(worker) }
        defer { pending[worker] = [] }
        return pending[worker]
    }

    // MARK: The hard limit

    /// The server waits so long from here on for what is owed; nil: for as long as the workers live.
    package func setLimit(seconds: Double?) {
        limit = seconds.map { .now + .seconds($0) }
    }

    /// Whether what is owed is waited for no longer.
    package var isPastLimit: Bool { limit.map { ContinuousClock.now > $0 } ?? false }

    /// Workers that are alive and have not delivered are out until the next round, and so are the clients they owe.
    /// - Returns: these clients.
    package func excludeLate() -> [Int] {
        var late: [Int] = []
        for worker in pendingWorkers {
            let clients = withdraw(worker)
            membership.exclude(worker)
            faulted(FaultRecord(round: membership.round, kind: .clientsLate, rank: worker + 1, clients: clients))
            late += clients
        }
        return late
    }

    // MARK: The end

    /// Ends the run: the workers are told as usual, and once more, each by itself, when one of them is lost.
    /// - Parameters:
    ///   - serve: moves along what has to move while the workers go.
    ///   - announce: tells them; false when somebody was lost over it.
    /// - Returns: whether all have understood, and nobody was lost in the whole run.
    @discardableResult
    package func shutDown(
        serving serve: () throws -> Void = {}, announce: () throws -> Bool
    ) throws -> Bool {
        membership.startWaiting()
        if hasLostBelow { try leaveCollectives() }
        if !hasLostRanks, try announce(), try membership.awaitShutdown(serving: serve), !hasLostBelow { return true }
        hasLostRanks = true
        try dismiss()
        return false
    }

    /// Tells the workers that no answer is wanted any longer.
    package func endOrders() throws { try membership.endOrders() }

    /// Tells each worker that the run is over, wherever it is, and waits until all have understood.
    package func dismiss() throws {
        try membership.stop()
        _ = try membership.awaitShutdown()
    }
}
