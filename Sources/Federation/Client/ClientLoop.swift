import FedCore
import MPI
import Records
import Runtime

/// A client rank: receives each round's work, trains the clients it is assigned, sends their updates, until told to stop.
final class ClientLoop: ClientWork, ClientHost {
    private let communicator: any Communicator
    private let control: any Communicator
    private let contact: ServerContact
    let job: Job
    let device: Device
    private let wires: TaskWires
    private let faults: FaultInjector
    /// Receives the clients' states; nil when the strategy keeps none.
    private let states: ClientStateReceiver?
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let transfers: TransferClock
    /// Whether a client's first batch is still to come, behind which a fault may be made.
    private var awaitsFirstBatch = false
    /// The last round this rank took part in.
    private var round = RoundID(0)

    init(
        _ job: Job, _ communicator: any Communicator, control: any Communicator, contact: ServerContact,
        _ timekeeper: Timekeeper
    ) throws {
        self.timekeeper = timekeeper
        timeline = timekeeper.timeline
        transfers = TransferClock(timeline, control: control)
        self.communicator = communicator
        self.control = control
        self.contact = contact
        self.job = job
        device = try Device(job, timeline)
        faults = FaultInjector(try job.settings.inject.map { try Fault($0) }, rank: communicator.rank)
        wires = try TaskWires(job, on: communicator, transfers)
        states = job.vectors.state > 0 ? ClientStateReceiver(floats: job.vectors.state, control: control) : nil
    }

    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { contact.hasLeftCollectives }

    func run() throws {
        if job.asynchronous != nil { return try runByOrders() }
        var frame = emptyFrame()
        while !contact.hasLeftCollectives {
            faults.reach(.broadcast, round: round.number + 1)
            try transfers.enterCollective()
            var request = try communicator.startBroadcast(frame.intoBuffer(), root: 0)
            let isGivenUp = try Backoff.default.wait(for: &request) { try pollForLeaving() }
            guard !isGivenUp else { break }
            frame = self.frame(try request.wait())
            try transfers.noteReceived()
            let header = try frame.header()
            let assignment = try assignment(frame, cohort: header.cohort)
            let clients = assignment.clientsOfWorker[communicator.rank - 1]
            transfers.endBroadcast(header, bytes: frame.buffer.count, clients: clients.count)
            guard let task = try task(header) else {
                try timekeeper.end(on: control)
                return try contact.acknowledgeShutdown()
            }
            try join(task, header.round, assignment, frame)
        }
        timeline.enter(.reform)
        while let order = try nextOrder() { try carryOut(order) }
    }

    /// A run without collectives.
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

    /// What a frame asks for; nil: the run is over.
    private func task(_ header: RoundFrame.Header) throws -> ClientTask? {
        guard header.kind != .stop else { return nil }
        guard let task = job.tasks.first(where: { $0.kind == header.kind }) else {
            throw RoundFrameError.unknownKind(header.kind.rawValue)
        }
        return task
    }

    private func join(
        _ task: ClientTask, _ round: RoundID, _ assignment: Assignment, _ frame: borrowing RoundFrame
    ) throws {
        startRound(round)
        let wire = wires[task]
        let worker = communicator.rank - 1
        for part in 0..<wire.partCount(assignment) {
            let clients = wire.clients(of: worker, part: part, assignment)
            wire.begin(clients, round: round, isOrder: false)
            guard try receiveStates(of: clients, for: task, unless: pollForLeaving) else { return }
            try work(task, clients, frame, on: wire, first: assignment.clientsOfWorker[worker].first)
            guard try !pollForLeaving() else { return }
            try wire.send(unless: pollForLeaving)
            guard !contact.hasLeftCollectives else { return }
        }
        MPIWorld.markRoundEnd()
    }

    private func pollForLeaving() throws -> Bool {
        try contact.poll()
        timeline.tick()
        return contact.hasLeftCollectives
    }

    private func pollForStop() throws -> Bool {
        try contact.poll()
        timeline.tick()
        return contact.isStopped
    }

    /// Waits for what the clients kept from their last rounds, if the strategy keeps anything.
    /// - Returns: false when it was given up.
    private func receiveStates(
        of clients: some Sequence<Int>, for task: ClientTask, unless giveUp: () throws -> Bool
    ) throws -> Bool {
        guard let states, task.needsState(job) else { return true }
        timeline.enter(.wait, peer: 0)
        var isGivenUp = false
        _ = try Backoff.default.wait {
            if try states.hasAll(clients, of: round) { return true }
            isGivenUp = try giveUp()
            return isGivenUp
        }
        return !isGivenUp
    }

    // MARK: Orders

    /// Waits for the next order; nil when the run is over.
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
        return frame(try request.wait())
    }

    /// What is being trained, or sent, is not wanted any longer.
    private struct OrdersEnded: Error {}

    /// Does what is ordered, and sends again what is done already, unless the run ends meanwhile.
    private func carryOut(_ order: borrowing RoundFrame) throws {
        do {
            try answer(order)
        } catch is OrdersEnded {
            timeline.enter(.wait, peer: 0)
        }
    }

    /// Within collectives nobody leaves a client half trained.
    private func stopIfUnwanted() throws {
        guard job.asynchronous != nil, contact.hasOrdersEnded || contact.isStopped else { return }
        throw OrdersEnded()
    }

    private func answer(_ order: borrowing RoundFrame) throws {
        let header = try order.header()
        let clients = try assignment(order, cohort: header.cohort).clientsOfWorker[communicator.rank - 1]
        transfers.endBroadcast(header, bytes: order.buffer.count, clients: clients.count)
        guard let task = try task(header) else { return }
        startRound(header.round)
        let wire = wires[task]
        for part in wire.answers(to: clients) {
            wire.begin(part, round: round, isOrder: true)
            // What has been done in the collective that was left has used up the client's state.
            let undone = part.filter { !wire.has($0) }
            guard try receiveStates(of: undone, for: task, unless: pollForStop) else { return }
            try work(task, undone, order, on: wire, first: clients.first)
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

    private func startRound(_ round: RoundID) {
        self.round = round
        MPIWorld.markRoundStart()
        contact.startRound(round.number)
        device.startRound()
    }

    /// Does the work of some clients, and puts their answers on a wire.
    /// - Parameter first: the first client of this rank in the round: faults are made there.
    private func work(
        _ task: ClientTask, _ clients: some Sequence<Int>, _ frame: borrowing RoundFrame, on wire: any Wire, first: Int?
    ) throws {
        for client in clients {
            awaitsFirstBatch = task.meetsFaults
            var slot = wire.takeSlot()
            let result = try slot.withNumbers { numbers in
                try frame.withWeights { down in try task.run(client, round, down, &numbers, self) }
            }
            if client == first, task.meetsFaults, faults.spoils(.nan, round: round.number) {
                try slot.withNumbers { $0[0] = .nan }
            }
            wire.put(slot, of: client, result)
        }
        guard task.meetsFaults else { return }
        if faults.spoils(.corrupt, round: round.number) { wire.corrupt() }
        faults.reach(.gather, round: round.number)
    }

    func readState(of client: Int, into state: inout MutableSpan<Float>) { states?.take(client, into: &state) }

    func progressed(samples: Int) throws {
        try contact.trained(samples)
        timeline.tick()
        try stopIfUnwanted()
        if awaitsFirstBatch { faults.reach(.train, round: round.number) }
        awaitsFirstBatch = false
    }

    func pause(_ duration: Duration) throws {
        let end = ContinuousClock.now + duration
        try contact.wait { ContinuousClock.now >= end }
    }

    private func assignment(_ frame: borrowing RoundFrame, cohort: Int) throws -> Assignment {
        try frame.assignment(cohort: cohort, workers: communicator.size - 1, clients: job.settings.clients)
    }

    private func emptyFrame() -> RoundFrame {
        RoundFrame(cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
    }

    private func frame(_ buffer: consuming Buffer<UInt8>) -> RoundFrame {
        RoundFrame(buffer, cohortCapacity: job.frameCapacity, parameterCount: job.vectors.down)
    }
}
