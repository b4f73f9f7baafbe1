import FedCore
import MPI
import Records
import Runtime

/// What an edge's rank does in the place of training clients itself: it has them trained under it, and puts what comes of
/// its edges on the wire to the cloud.
///
/// Its clients are trained by the ranks under it, or here, where there are none or all of them were lost. It never looks at
/// the cloud while it waits for them but through `contact`, which answers the cloud's pings.
final class EdgeWork {
    private let job: Job
    private let edges: EdgeTerms
    private let aggregator: EdgeAggregator
    /// Trains here while no rank under this one is left; made when it is first needed.
    private var substitute: EdgeAggregator?
    /// The ranks under this one; nil where there are none.
    private let pool: WorkerPool?
    /// Answers the cloud.
    private let contact: ServerContact
    private let stopFlag: StopFlag
    private let timeline: Timeline
    /// What comes of one edge.
    private var sum: UpdateSum

    /// Takes the ranks under this one.
    /// - Parameters:
    ///   - exchange: reaches them; nil trains here.
    ///   - pool: who of them lives.
    ///   - contact: answers the cloud.
    ///   - stop: ends training here when it is raised.
    ///   - timeline: this rank's phases.
    init(
        _ job: Job, _ edges: EdgeTerms, through exchange: (any Exchange)?, _ pool: WorkerPool?, contact: ServerContact,
        stop: StopFlag, _ timeline: Timeline
    ) throws {
        (self.job, self.edges, self.pool, self.contact) = (job, edges, pool, contact)
        (stopFlag, self.timeline) = (stop, timeline)
        aggregator = try EdgeAggregator(
            job, edges, through: exchange ?? LocalExchange(job, nil, stop: stop, timeline), timeline)
        sum = job.terms.emptySum()
    }

    /// Whether a rank under this one was lost.
    var hasLostRanks: Bool { pool?.hasLostRanks ?? false }

    /// Does a task for some clients, and puts the answers on the wire.
    /// - Parameter progressed: called a few times a second with the samples trained since the last call.
    /// - Throws: what the exchange throws; an error that ends the run.
    func run(
        _ task: ClientTask, _ clients: [Int], _ round: RoundID, _ down: DownMessage, on wire: any Wire,
        progressed: (_ samples: Int) throws -> Void
    ) throws {
        if contact.hasLeftCollectives { try pool?.leaveCollectives() }
        do {
            try attempt(task, clients, round, down, on: wire, by: aggregator, progressed)
        } catch is NoClientRanks {
            // Until one of them is back.
            let own =
                try substitute
                ?? EdgeAggregator(job, edges, through: LocalExchange(job, nil, stop: stopFlag, timeline), timeline)
            substitute = own
            try attempt(task, clients, round, down, on: wire, by: own, progressed)
        }
    }

    /// Does the task through one aggregator. Edges whose sums are on the wire already are passed over.
    /// - Parameters:
    ///   - aggregator: reaches the clients; a task but for training goes through its exchange alone.
    ///   - report: takes the samples trained since the last call.
    /// - Throws: `NoClientRanks` when no rank under this one is left.
    private func attempt(
        _ task: ClientTask, _ clients: [Int], _ round: RoundID, _ down: DownMessage, on wire: any Wire,
        by aggregator: EdgeAggregator, _ report: (_ samples: Int) throws -> Void
    ) throws {
        var heard = 0
        func progressed(_ samples: Int) throws {
            try report(max(samples - heard, 0))
            heard = max(samples, heard)
        }
        guard task == .training, let wire = wire as? ReduceWire else {
            let relay = EdgeRelay(floats: task.answer(job).floats)
            try aggregator.exchange.run(
                task, round: round, cohort: clients.sorted(), down: down, into: relay, besideTraining: { _ in },
                progressed: progressed)
            return try relay.put(clients, on: wire)
        }
        // In the order of the assignment, in which the cloud expects the envelopes.
        for group in edges.runs(of: clients) where !group.allSatisfy(wire.has) {
            sum.reset()
            heard = 0
            let reports = try aggregator.run(Array(group), round, down: down, into: &sum, progressed: progressed)
            try wire.put(sum, reports)
        }
    }

    /// Ends the run under this rank, whose collectives have not been left.
    /// - Parameter align: aligns clocks; the exchange with the ranks under this one does so itself.
    func stop(_ align: () throws -> Void) throws {
        if pool == nil { try align() }
        try aggregator.exchange.stop()
    }

    /// Lets the ranks under this one go, wherever they are.
    func dismiss() throws { try aggregator.exchange.dismiss() }
}

/// Keeps clients' answers as they are until all are there, and passes them on in the order in which the cloud expects them.
private final class EdgeRelay: AnswerReceiver {
    private let floats: Int
    private var answers: [Int: (result: LocalResult, numbers: [Float])] = [:]

    init(floats: Int) { self.floats = floats }

    var participants: Int { answers.count }

    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int
    ) {
        guard let envelope = try? envelope.get() else { return }
        answers[client] = (
            envelope.result, update.array() + state.array()
        )
    }

    func drop(_ clients: Int) {}

    func markLate(_ clients: Int) {}

    /// Puts the answers on a wire; who has none is dropped.
    func put(_ clients: [Int], on wire: any Wire) throws {
        for client in clients {
            var slot = wire.takeSlot()
            let answer = answers[client]
            try slot.withNumbers { numbers in
                for i in 0..<numbers.count { numbers[unchecked: i] = answer?.numbers[i] ?? 0 }
            }
            var nothing = LocalResult()
            nothing.status = .dropped
            wire.put(slot, of: client, answer?.result ?? nothing)
        }
    }
}
