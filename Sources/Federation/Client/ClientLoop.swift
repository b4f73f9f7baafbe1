import FedCore
import MPI
import Records
import Runtime

/// The main loop of a client rank: receives each round's work, does it for the clients it is assigned, sends their
/// answers, until told to stop.
///
/// It has two modes. While all ranks are alive a round is collective: one broadcast of the frame down, and the wire's
/// gatherv or reduce up, in parts that all ranks derive from the assignment. Once a rank was lost a collective would
/// never complete, so the rest of the run goes by *orders*: a frame for this rank alone, answered point to point. An
/// asynchronous run has orders from the start.
///
/// ```
/// collective   broadcast ─► for each part: states, train, wire.send ─► broadcast …     until a frame says stop
/// orders       order ─► for each part: states, train, wire.answer ─► order …           until the server says stop
/// ```
///
/// No wait is blocking: every wait polls the control communicator (`ServerContact`), which answers the server's pings
/// and learns that collectives are to be left, or that the run is over. One object per rank, used from one thread.
final class ClientLoop: ClientWork, ClientHost {
    /// The communicator of collectives: frames down, answers up.
    private let communicator: any Communicator
    /// The communicator of messages: orders, answers to them, clients' states, the server's pings.
    private let control: any Communicator
    /// What this rank knows of the server, and tells it.
    private let contact: ServerContact
    /// The same job as on every rank.
    let job: Job
    /// The devices of this rank's clients, which trains and tests.
    let device: Device
    /// The wire of each task that clients may be asked for.
    private let wires: TaskWires
    /// Faults that `--inject` asks for on this rank.
    private var faults: FaultInjector
    /// Receives the states of the clients that are trained here, or letters to them; nil when there is nothing of the kind.
    private let mail: ClientMailReceiver?
    /// What this rank does where it is an edge; nil where it trains clients.
    private let edge: EdgeWork?
    /// Where clocks are aligned at the end.
    private let clock: any Communicator
    /// This rank's time; its clock is aligned once more at the end of the run.
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    /// Measures waiting apart from transfer.
    private let transfers: TransferClock
    /// Whether the current client's first batch is still to come; a fault of phase `train` happens behind it.
    private var awaitsFirstBatch = false
    /// The client whose update `--inject nan` spoils; nil for none.
    private var spoiltClient: Int?
    /// Reads weights that come behind their frame.
    private var reader: WeightReader
    /// The last round this rank took part in.
    private var round = RoundID(0)

    /// Prepares the rank: compiles the model and makes the wires.
    ///
    /// - Parameters:
    ///   - communicator: for collectives; rank 0 is the server.
    ///   - control: a duplicate, for messages point to point.
    ///   - contact: answers the server while this rank waits or trains.
    ///   - edge: the work of an edge; nil trains clients.
    ///   - number: the rank that faults name; nil: that of `communicator`.
    ///   - clock: all ranks, to align clocks; nil: those of `control`.
    /// - Throws: `ConfigurationError` when a fault or a wire of the settings cannot be; an error of oneDNN.
    init(
        _ job: Job, _ communicator: any Communicator, control: any Communicator, contact: ServerContact,
        _ timekeeper: Timekeeper, edge: EdgeWork? = nil, faultsAs number: Int? = nil, clock: (any Communicator)? = nil
    ) throws {
        (self.timekeeper, self.edge, self.clock) = (timekeeper, edge, clock ?? control)
        timeline = timekeeper.timeline
        transfers = TransferClock(timeline, control: control)
        self.communicator = communicator
        self.control = control
        self.contact = contact
        self.job = job
        reader = WeightReader(job)
        device = try Device(job, timeline)
        faults = FaultInjector(try job.settings.inject.map { try Fault($0) }, rank: number ?? communicator.rank)
        wires = try TaskWires(job, on: communicator, transfers, edges: edge == nil ? nil : job.edges)
        mail =
            job.secure == nil && job.vectors.state == 0
            ? nil : ClientMailReceiver(floats: job.secure == nil ? job.vectors.state : nil, control: control)
    }

    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { contact.hasLeftCollectives || edge?.hasLostRanks ?? false }

    /// Runs until the server ends the run.
    ///
    /// - Throws: `Interruption` when the stop flag is raised; `RoundFrameError` when a frame is damaged, because what
    ///   this rank was to do is then unknown; errors of MPI.
    func run() throws {
        if job.asynchronous != nil { return try runByOrders() }
        // Of the size that all ranks know.
        var frame = RoundFrame(cohortCapacity: job.frameCapacity, parameterCount: job.frameFloats)
        while !contact.hasLeftCollectives {
            faults.reach(.broadcast, round: round.number + 1)
            try transfers.enterCollective()
            var request = try communicator.startBroadcast(frame.intoBuffer(), root: 0)
            let isAborted = try Backoff.default.wait(for: &request) { try pollForLeaving() }
            guard !isAborted else { break }
            frame = self.frame(try request.wait())
            try transfers.noteReceived()
            let header = try frame.header()
            let assignment = try assignment(frame, cohort: header.cohort)
            let clients = assignment.clientsOfWorker[communicator.rank - 1]
            var bytes = frame.buffer.count
            var down: [Float]?
            if job.sendsWeightsApart, header.kind != .stop {
                guard let received = try receiveWeights(header) else { break }
                bytes += received.count
                down = try reader.read(received, header)
            }
            transfers.endBroadcast(header, bytes: bytes, clients: clients.count)
            guard let task = try task(header) else {
                let align = { [timekeeper, clock] in try timekeeper.end(on: clock) }
                if let edge { try edge.stop(align) } else { try align() }
                return try contact.acknowledgeShutdown()
            }
            device.terms = frame.terms(header)
            if let down {
                try join(task, header.round, assignment, down: down.span)
            } else {
                try frame.withWeights { try join(task, header.round, assignment, down: $0) }
            }
        }
        timeline.enter(.reform)
        while let order = try nextOrder() { try carryOut(order) }
        try edge?.dismiss()
    }

    /// Runs by orders from the first to the last, an empty one. Orders that came before the end was announced are left
    /// undone.
    private func runByOrders() throws {
        while let order = try nextOrder() {
            guard order.buffer.count > 0 else {
                try contact.acknowledgeShutdown()
                return try timekeeper.end(on: control)
            }
            if !contact.hasOrdersEnded { try carryOut(order) }
        }
    }

    // MARK: Collectives

    /// What a frame asks for.
    /// - Returns: nil when the run is over.
    /// - Throws: `RoundFrameError.unknownKind` for a task that this job does not have.
    private func task(_ header: RoundFrame.Header) throws -> ClientTask? {
        guard header.kind != .stop else { return nil }
        guard let task = job.tasks.first(where: { $0.kind == header.kind }) else {
            throw RoundFrameError.unknownKind(header.kind.rawValue)
        }
        return task
    }

    /// Receives the weights that follow a frame in a broadcast of their own.
    /// - Returns: the bytes as they have come; nil when the broadcast is left.
    private func receiveWeights(_ header: RoundFrame.Header) throws -> Buffer<UInt8>? {
        guard header.form != .none else { return Buffer(count: 0) }
        let count = header.form == .coded ? header.codedBytes : 4 * job.vectors.down
        var request = try communicator.startBroadcast(Buffer<UInt8>(count: count), root: 0)
        if try Backoff.default.wait(for: &request, unless: pollForLeaving) { return nil }
        return try request.wait()
    }

    /// Takes part in a round's collectives: for each part, receives the clients' states, does the work, sends the
    /// answers. Returns early when the collectives are left; the answers stay on the wire, for the order that will ask
    /// for them.
    ///
    /// - Parameters:
    ///   - task: what the clients are asked for.
    ///   - round: number and attempt.
    ///   - assignment: all ranks' clients.
    ///   - down: what came down, `[job.vectors.down]`.
    private func join(
        _ task: ClientTask, _ round: RoundID, _ assignment: Assignment, down: Span<Float>
    ) throws {
        startRound(round)
        let wire = wires[task]
        let worker = communicator.rank - 1
        for part in 0..<wire.partCount(assignment) {
            if let clients = wire.work(of: worker, before: part, assignment) {
                wire.begin(clients, round: round, isOrder: false)
                guard try receiveMail(of: clients, for: task, unless: pollForLeaving) else { return }
                try work(task, clients, down, on: wire, first: assignment.clientsOfWorker[worker].first)
                guard try !pollForLeaving() else { return }
            }
            try wire.send(wire.clients(of: worker, part: part, assignment), unless: pollForLeaving)
            guard !contact.hasLeftCollectives else { return }
        }
        MPIWorld.markRoundEnd()
    }

    /// Answers the server's messages. Returns whether collectives are to be left.
    private func pollForLeaving() throws -> Bool {
        try contact.poll()
        timeline.tick()
        return contact.hasLeftCollectives
    }

    /// Answers the server's messages. Returns whether this rank is let go.
    private func pollForStop() throws -> Bool {
        try contact.poll()
        timeline.tick()
        return contact.isStopped
    }

    /// Waits for what the clients kept from their last turns, or for letters to them, if the task needs it.
    /// - Parameter shouldAbort: asked while waiting; true gives up.
    /// - Returns: false when it was given up.
    private func receiveMail(
        of clients: some Sequence<Int>, for task: ClientTask, unless shouldAbort: () throws -> Bool
    ) throws -> Bool {
        guard let mail, task.needsMail(job) else { return true }
        let occasion = job.occasion(task, round)
        timeline.enter(.wait, peer: 0)
        var isAborted = false
        _ = try Backoff.default.wait {
            if try mail.hasAll(clients, of: occasion) { return true }
            isAborted = try shouldAbort()
            return isAborted
        }
        return !isAborted
    }

    // MARK: Orders

    /// Waits for the next order.
    /// - Returns: the order; nil when the run is over.
    private func nextOrder() throws -> RoundFrame? {
        faults.reach(.broadcast, round: round.number + 1)
        timeline.enter(.wait, peer: 0)
        var arrived: Status?
        try contact.wait {
            timeline.tick()
            arrived = try control.iprobe(from: 0, tag: ControlMessage.Tag.order)
            return arrived != nil || contact.isStopped
        }
        guard let arrived else { return nil }
        var request = try control.startReceive(
            into: Buffer<UInt8>(count: arrived.byteCount), from: 0, tag: ControlMessage.Tag.order)
        try contact.wait { try request.test() }
        return RoundFrame(
            try request.wait(), cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
    }

    /// Thrown out of work that is not wanted any longer, whether it is being trained or sent.
    private struct OrdersEnded: Error {}

    /// Does what is ordered, unless the run ends meanwhile.
    private func carryOut(_ order: borrowing RoundFrame) throws {
        do {
            try answer(order)
        } catch is OrdersEnded {
            timeline.enter(.wait, peer: 0)
        }
    }

    /// Ends a client's training in an asynchronous run that is over. Within rounds nobody leaves a client half trained:
    /// the server waits for all of them.
    private func stopIfUnwanted() throws {
        guard job.asynchronous != nil, contact.hasOrdersEnded || contact.isStopped else { return }
        throw OrdersEnded()
    }

    /// Does the work of an order, and sends it in the parts that the wire makes of it.
    ///
    /// Work that is done already, in a collective that was left, is only sent: trained again, a client would start from
    /// a state that its first training has used up.
    /// - Throws: ``OrdersEnded`` when nobody wants the answer any longer; `RoundFrameError`; errors of MPI.
    private func answer(_ order: borrowing RoundFrame) throws {
        let header = try order.header()
        let clients = try assignment(order, cohort: header.cohort).clientsOfWorker[communicator.rank - 1]
        transfers.endBroadcast(header, bytes: order.buffer.count, clients: clients.count)
        guard let task = try task(header) else { return }
        device.terms = order.terms(header)
        startRound(header.round)
        let wire = wires[task]
        for part in wire.answers(to: clients) {
            wire.begin(part, round: round, isOrder: true)
            // What has been done in the collective that was left has used up the client's state.
            let undone = part.filter { !wire.has($0) }
            guard try receiveMail(of: undone, for: task, unless: pollForStop) else { return }
            try order.withWeights { try work(task, undone, $0, on: wire, first: clients.first) }
            try wire.answer { message in
                timeline.enter(.wait, peer: 0)
                let bytes = message.count
                var request = try control.startSend(message, to: 0, tag: ControlMessage.Tag.updates)
                try contact.wait { try request.test() || contact.isStopped }
                guard try request.test() else { throw OrdersEnded() }
                transfers.endGather(bytes: bytes, clients: part.count)
                return try request.wait()
            }
        }
        MPIWorld.markRoundEnd()
    }

    // MARK: Work

    /// Notes the round everywhere it is looked at: in the guardian's marks, in reports to the server, at the device's
    /// clock.
    private func startRound(_ round: RoundID) {
        self.round = round
        MPIWorld.markRoundStart()
        contact.startRound(round.number)
        device.startRound()
    }

    /// Does the work of some clients, one after the other, and puts their answers on a wire.
    ///
    /// - Parameters:
    ///   - task: what they are asked for.
    ///   - clients: numbers, in the order of the assignment.
    ///   - down: the weights that they start from, and what the strategy sends beside them.
    ///   - wire: takes the answers.
    ///   - first: this rank's first client of the round, whose update `--inject nan` spoils.
    private func work(
        _ task: ClientTask, _ clients: some Sequence<Int>, _ down: Span<Float>, on wire: any Wire, first: Int?
    ) throws {
        if let edge {
            awaitsFirstBatch = task.meetsFaults
            let message = DownMessage(down.array(), device.terms)
            try edge.run(task, Array(clients), round, message, on: wire) { try progressed(samples: $0) }
        }
        let isSpoilt =
            task.meetsFaults && clients.contains { $0 == first } && faults.spoils(.nan, round: round.number)
        spoiltClient = isSpoilt ? first : nil
        for client in clients where edge == nil {
            awaitsFirstBatch = task.meetsFaults
            var slot = wire.takeSlot()
            let result = try slot.withNumbers { numbers in
                try task.run(client, round, down, &numbers, self)
            }
            wire.put(slot, of: client, result)
        }
        guard task.meetsFaults else { return }
        if faults.spoils(.corrupt, round: round.number) { wire.corrupt() }
        faults.reach(.gather, round: round.number)
    }

    /// Copies out a client's state as it came from the server.
    func readState(of client: Int, into state: inout MutableSpan<Float>) { mail?.take(client, into: &state) }

    /// Gives out a letter as it came from the server.
    func letter(to client: Int) -> [UInt8] { mail?.takeLetter(to: client) ?? [] }

    /// Makes a number of an update none, for `--inject nan`.
    func meetFaults(of client: Int, in update: inout MutableSpan<Float>) {
        if client == spoiltClient { update[0] = .nan }
    }

    /// Reports a batch to the server, looks for messages, and ends unwanted work; called after each batch.
    /// - Parameter samples: samples trained in it; 0 for a batch that was evaluated.
    /// - Throws: `Interruption`; `ServerLost`; what ends an order early.
    func progressed(samples: Int) throws {
        try contact.trained(samples)
        timeline.tick()
        try stopIfUnwanted()
        guard awaitsFirstBatch, samples > 0 || edge == nil else { return }
        awaitsFirstBatch = false
        faults.reach(.train, round: round.number)
    }

    /// Waits so long, answering the server meanwhile: how simulated delays pass in real time.
    func pause(_ duration: Duration) throws {
        let end = ContinuousClock.now + duration
        try contact.wait { ContinuousClock.now >= end }
    }

    /// Reads a frame's assignment.
    /// - Throws: `RoundFrameError` when it names a client or a worker that does not exist.
    private func assignment(_ frame: borrowing RoundFrame, cohort: Int) throws -> Assignment {
        try frame.assignment(cohort: cohort, workers: communicator.size - 1, clients: job.settings.clients)
    }

    /// A frame of bytes that have come by broadcast.
    private func frame(_ buffer: consuming Buffer<UInt8>) -> RoundFrame {
        RoundFrame(buffer, cohortCapacity: job.frameCapacity, parameterCount: job.frameFloats)
    }
}
