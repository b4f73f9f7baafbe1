import FedCore
import MPI
import Records
import Runtime

/// The client ranks, reached point to point from the first turn to the last: a task with the weights down, the update
/// up as its answer. Nobody waits for anybody but the server.
///
/// A worker has one client to train and one more to go on with; what else is in flight waits here for its place.
final class RankWorkers: AsynchronousWorkers {
    private let job: Job
    private let pool: WorkerPool
    private let control: any Communicator
    private let tasks: PointToPointTasks
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let format: AnswerFormat

    /// In the order in which their turns end, as far as that is known.
    private var queue: [AsynchronousStart] = []
    /// The turn of each client that has begun and has not been handed over.
    private var turns: [Int: Turn] = [:]
    /// Clients whose turn has ended, in the order of arrival.
    private var ended: [Int] = []
    let trainsElsewhere = true

    private struct Turn {
        let start: AsynchronousStart
        let weights: [Float]
        var end: TurnEnd?
    }

    /// Tasks that a worker holds: the second is there when the first is done.
    private static let depth = 2

    init(_ job: Job, _ channels: Channels, _ pool: WorkerPool) {
        self.job = job
        self.pool = pool
        control = channels.control
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        format = ClientTask.training.answer(job)
        tasks = PointToPointTasks(
            pool, on: control, parameterCount: job.vectors.down, cohortCapacity: job.frameCapacity, timeline)
    }

    var hasLostRanks: Bool { pool.hasLostRanks }

    func startStep(_ number: Int) throws {
        try pool.startStep(number)
        try lookAfterRanks()
        try dispatch()
    }

    func begin(_ start: AsynchronousStart, from weights: [Float]) throws {
        turns[start.client] = Turn(start: start, weights: weights)
        enqueue(start)
        try dispatch()
    }

    func finish(_ start: AsynchronousStart) throws -> TurnEnd {
        while true {
            if let end = turns[start.client]?.end {
                turns[start.client] = nil
                ended.removeAll { $0 == start.client }
                return end
            }
            timeline.enter(.wait, peer: pool.worker(owing: start.client).map { $0 + 1 })
            try serve(until: { turns[start.client]?.end != nil })
        }
    }

    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)? {
        if ended.isEmpty { try serveOnce() }
        while waits, ended.isEmpty {
            timeline.enter(.wait)
            try serve(until: { !ended.isEmpty })
        }
        guard let client = ended.first, let end = turns[client]?.end else { return nil }
        ended.removeFirst()
        turns[client] = nil
        return (client, end)
    }

    func heartbeat() throws {
        let phase = timeline.phase
        try serveOnce()
        try lookAfterRanks()
        timeline.enter(phase)
        timeline.tick()
    }

    // MARK: Tasks

    /// Turns that end sooner are trained sooner.
    private func enqueue(_ start: AsynchronousStart) {
        let place = queue.firstIndex { ($0.finish, $0.client) > (start.finish, start.client) && $0.finish > 0 }
        queue.insert(start, at: place ?? queue.endIndex)
    }

    /// Gives the workers what they have room for.
    private func dispatch() throws {
        while !queue.isEmpty {
            let pending = pool.pending
            let idle = pool.members.filter { pending[$0].count < Self.depth }
            guard let worker = idle.min(by: { pending[$0].count < pending[$1].count }) else { return }
            let start = queue.removeFirst()
            guard let weights = turns[start.client]?.weights else { continue }
            pool.assign(start.client, to: worker)
            try tasks.send(.training, for: [start.client], to: worker, round: start.id, down: weights.span)
        }
    }

    /// Serves for a moment, or until a condition holds, and looks after the ranks.
    private func serve(until condition: () -> Bool) throws {
        _ = try Backoff.default.wait(until: .now + .milliseconds(100)) {
            try serveOnce()
            return condition()
        }
        timeline.tick()
        try lookAfterRanks()
    }

    /// Takes in what has come.
    private func serveOnce() throws {
        let hasCome = try tasks.serve(open: open)
        if hasCome { try dispatch() }
    }

    /// Takes the updates out of an answer; what nobody waits for is dropped.
    private func open(_ answer: borrowing Buffer<UInt8>, pending: inout [Int]) {
        let slots = format.slots(of: answer, pending: &pending, round: { turns[$0]?.start.id })
        timeline.note(clients: slots.count)
        for (client, round, offset) in slots {
            let envelope = format.open(answer, at: offset, client: client, round: round)
            let bytes = format.uploadBytes(of: envelope)
            turns[client]?.end = format.withNumbers(answer, at: offset, envelope) { envelope, update, _ in
                .update(envelope, update.indices.map { update[$0] }, bytes: bytes)
            }
            ended.append(client)
        }
    }

    // MARK: Losses

    private func lookAfterRanks() throws {
        let loss = try pool.findLost()
        guard !loss.workers.isEmpty else { return }
        for client in loss.clients {
            if let start = turns[client]?.start { enqueue(start) }
        }
        for client in loss.dropped {
            turns[client]?.end = .lost
            ended.append(client)
        }
        try pool.reassemble()
        try dispatch()
    }

    // MARK: The end

    /// What is still being trained is of no use to anybody: the workers leave it.
    func stop() throws {
        timeline.enter(.wait)
        let areAllGone = try pool.shutDown(
            // A worker may be about to send an update.
            serving: { try tasks.serve { _, _ in } },
            announce: {
                try pool.endOrders()
                for worker in pool.members { try tasks.end(worker) }
                return true
            })
        if areAllGone { try timekeeper.end(on: control) }
    }

    func dismiss() throws { try pool.dismiss() }
}
