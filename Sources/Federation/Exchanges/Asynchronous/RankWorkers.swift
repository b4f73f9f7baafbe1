import FedCore
import MPI
import Records
import Runtime

/// The workers of an asynchronous run over MPI: the client ranks, reached point to point from the first turn to the
/// last, by an order with the weights down and the update up as its answer. Nobody waits for anybody but the server.
///
/// A worker has one client to train and one more to continue with, so that it never idles while an answer crosses; what
/// else is in flight waits here for its place. A lost rank's turns go to others.
final class RankWorkers: AsynchronousWorkers {
    private let job: Job
    private let pool: WorkerPool
    /// The communicator that everything crosses on.
    private let control: any Communicator
    /// Orders to single ranks, and the answers to them.
    private let tasks: PointToPointTasks
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    /// How an answer lies in a message.
    private let format: AnswerFormat

    /// Turns that no worker has yet, in the order in which they end, as far as that is known.
    private var queue: [AsynchronousStart] = []
    /// The turn of each client that has begun and has not been handed over.
    private var turns: [Int: Turn] = [:]
    /// Clients whose turn has ended and has not been handed over, in the order of arrival.
    private var ended: [Int] = []
    /// The evaluation under way; nil between evaluations.
    private var tests: RankTests?
    let trainsElsewhere = true

    /// A turn under way: its weights are kept until its end, for another worker if the first is lost.
    private struct Turn {
        let start: AsynchronousStart
        let weights: [Float]
        /// How it ended; nil while it is under way.
        var end: TurnEnd?
    }

    /// Orders that a worker holds: the second is there when the first is done.
    private static let depth = 2

    /// Takes the ranks of the pool as workers.
    /// - Parameters:
    ///   - job: the run.
    ///   - channels: what connects the ranks; only messages point to point are used.
    ///   - pool: the workers, and who of them lives.
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

    /// Takes ranks in again that are back, gives a lost rank's turns to others, and hands out work.
    func startStep(_ number: Int) throws {
        try pool.startStep(number)
        try lookAfterRanks()
        try dispatch()
    }

    /// Queues a turn, and hands out work.
    func begin(_ start: AsynchronousStart, from weights: [Float]) throws {
        turns[start.client] = Turn(start: start, weights: weights)
        enqueue(start)
        try dispatch()
    }

    /// Serves the ranks until this turn has ended, lost ones included.
    /// - Throws: `NoClientRanks`; `Interruption`.
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

    /// Hands over the turn whose answer came first.
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

    /// Takes in answers, hands out work, and looks after the ranks; the timeline's phase stays.
    func heartbeat() throws {
        let phase = timeline.phase
        try serveOnce()
        try lookAfterRanks()
        timeline.enter(phase)
        timeline.tick()
    }

    /// Has the parts of the test set tested, a part at a time by the members in turn, while clients go on training.
    func test(_ parts: [Int], round: RoundID, down: Span<Float>, into tally: any AnswerReceiver) throws {
        let tests = RankTests(parts, round: round, ClientTask.evaluation.answer(job), into: tally)
        self.tests = tests
        defer { self.tests = nil }
        timeline.enter(.wait)
        while !tests.isDone {
            for worker in pool.members.sorted(by: { pool.pending[$0].count < pool.pending[$1].count }) {
                guard let part = tests.take(for: worker) else { break }
                try tasks.send(.evaluation, for: [part], to: worker, round: round, down: down)
            }
            timeline.enter(.wait)
            try serve(until: { tests.isDone })
        }
    }

    // MARK: Tasks

    /// Queues a turn by its end: turns that end sooner are trained sooner, because the server will ask for them first.
    /// In real time, where no end is known, it is the last.
    private func enqueue(_ start: AsynchronousStart) {
        let place = queue.firstIndex { ($0.finish, $0.client) > (start.finish, start.client) && $0.finish > 0 }
        queue.insert(start, at: place ?? queue.endIndex)
    }

    /// Hands out turns to the members with the fewest orders, as far as they have room. Each order carries the whole
    /// weights of its version.
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

    /// Serves for up to 100 ms, or until a condition holds, and then looks after the ranks. Between tests this rank
    /// sleeps.
    private func serve(until condition: () -> Bool) throws {
        _ = try Backoff.default.wait(until: .now + .milliseconds(100)) {
            try serveOnce()
            return condition()
        }
        timeline.tick()
        try lookAfterRanks()
    }

    /// Takes in what has come, and hands out work in its place. Does not wait.
    private func serveOnce() throws {
        let hasCome = try tasks.serve(open: open)
        if hasCome { try dispatch() }
    }

    /// Takes the updates out of an answer; those that nobody waits for are dropped.
    /// - Parameters:
    ///   - answer: a message of whole slots.
    ///   - pending: the clients that the worker owes; those that have come are taken out.
    private func open(_ answer: borrowing Buffer<UInt8>, pending: inout [Int]) {
        if let tests, tests.open(answer) { return }
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

    /// Finds lost ranks. Their turns are queued again, or have ended, with `--on-failure drop`; when no rank is left,
    /// waits for one that is back.
    /// - Throws: `NoClientRanks` when none comes back.
    private func lookAfterRanks() throws {
        // A test is not among what a worker owes to the pool.
        let loss = try pool.findLost(among: tests == nil ? nil : pool.members)
        for worker in loss.workers { tests?.withdraw(worker) }
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

    /// Ends the run. What is still being trained is of no use to anybody: the workers leave it.
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
