import FedCore
import MPI
import Records
import Runtime

/// Orders for single workers and their answers, point to point: after a rank was lost, and in asynchronous runs. Nobody
/// waits for anybody but the server for its own workers: MPI's collectives need all ranks, and so does making a smaller
/// communicator; an order and an answer need two.
///
/// An order is a `RoundFrame` for one worker with its clients; the worker answers with their updates, as the wire
/// writes them, in one message or several. Who owes what is in the ``WorkerPool``. The price is that the weights go to
/// each worker by a message of its own.
final class PointToPointTasks {
    private let pool: WorkerPool
    private let messages: WorkerMessages
    private let parameterCount: Int
    private let cohortCapacity: Int
    private let timeline: Timeline
    /// By worker, when its last answer was taken in hand, on the clock of all ranks; 0 before. Tells workers how long
    /// they have waited.
    private var opened: [Int]
    /// By worker, the bytes of all orders to it and all answers of it.
    private(set) var bytesOfWorker: [Int]

    /// Registers with the pool, which drops messages to and from a worker that is lost.
    /// - Parameters:
    ///   - pool: the workers.
    ///   - control: for messages point to point.
    ///   - parameterCount: floats that go down.
    ///   - cohortCapacity: clients that a frame has room for.
    ///   - timeline: the server's phases.
    init(
        _ pool: WorkerPool, on control: any Communicator, parameterCount: Int, cohortCapacity: Int, _ timeline: Timeline
    ) {
        self.pool = pool
        self.parameterCount = parameterCount
        self.cohortCapacity = cohortCapacity
        self.timeline = timeline
        messages = WorkerMessages(on: control)
        opened = [Int](repeating: 0, count: control.size - 1)
        bytesOfWorker = opened
        pool.look(after: messages)
    }

    /// Sends a worker an order for clients that it owes, with the weights and what goes beside them. Does not wait for
    /// it to be received; O(floats) for the copy.
    /// - Parameter terms: what else the worker has to know of the round; the weights cross as they are.
    func send(
        _ task: ClientTask, for clients: [Int], to worker: Int, round: RoundID, down: Span<Float>,
        terms: RoundTerms = RoundTerms()
    ) throws {
        guard !clients.isEmpty else { return }
        timeline.enter(.broadcast, peer: worker + 1)
        var lists = [[Int]](repeating: [], count: opened.count)
        lists[worker] = clients
        let assignment = Assignment(clientsOfWorker: lists)
        var frame = RoundFrame(cohortCapacity: cohortCapacity, parameterCount: parameterCount)
        var header = RoundFrame.Header(task.kind, round, cohort: clients.count, terms)
        if timeline.isOn { (header.sent, header.gatherOpened) = (timeline.shared(timeline.now), opened[worker]) }
        frame.setHeader(header)
        frame.setAssignment(assignment, terms)
        // In a task that is without, they are zeros.
        if !down.isEmpty { frame.setWeights(down) }
        frame.seal()
        timeline.note(bytesOut: frame.buffer.count, clients: clients.count)
        bytesOfWorker[worker] += frame.buffer.count
        try messages.send(frame.intoBuffer(), to: worker, tag: ControlMessage.Tag.order)
    }

    /// Tells a worker that there will be no further orders: an empty one is the last.
    func end(_ worker: Int) throws {
        try messages.send(Buffer<UInt8>(count: 0), to: worker, tag: ControlMessage.Tag.order)
    }

    /// Moves messages along, and hands over the answers that are complete. Does not wait.
    /// - Parameter open: opens an answer, and takes what has come out of what its worker owes. It must not look at the
    ///   pool.
    /// - Returns: whether something came.
    @discardableResult
    func serve(
        open: (_ answer: borrowing Buffer<UInt8>, _ pending: inout [Int]) throws -> Void
    ) throws -> Bool {
        try messages.advance()
        try messages.startReceiving(tag: ControlMessage.Tag.updates) { worker, bytes in
            timeline.enter(.gather, peer: worker + 1)
            opened[worker] = timeline.shared(timeline.entered)
            timeline.note(bytesIn: bytes)
            bytesOfWorker[worker] += bytes
        }
        let hasCome = try messages.takeReceived { worker, _, answer in
            try pool.noteHeard(worker)
            // A worker that was lost and is back may still send what it was asked for then: that is not owed.
            timeline.enter(.decode)
            try open(answer, &pool.pending[worker])
        }
        if hasCome { timeline.enter(messages.isReceiving ? .gather : .wait) }
        return hasCome
    }
}
