import FedCore
import MPI
import Runtime

/// The wire after a rank was lost, and of asynchronous runs: orders go out and updates come in point to point, so that nobody waits for anybody
/// but the server for its own workers. MPI's collectives need all ranks, and so does making a smaller communicator; an
/// order and an answer need two.
///
/// An order is a `RoundFrame` for one worker with the clients it is to train; a worker answers with their updates,
/// as the wire writes them, in one message or several.
final class OrderDesk {
    private let control: any Communicator
    private let parameterCount: Int
    private let cohortCapacity: Int
    private let timeline: Timeline

    private var outgoing: [Parcel] = []
    private var incoming: [Parcel] = []
    /// Per worker, when its last answer was taken in hand, on the clock of all ranks; 0 before.
    private var opened: [Int]
    /// Per worker, the clients it has been ordered to train and not yet answered.
    private(set) var pending: [[Int]]

    init(
        control: any Communicator, parameterCount: Int, cohortCapacity: Int, _ timeline: Timeline
    ) {
        self.timeline = timeline
        self.control = control
        self.parameterCount = parameterCount
        self.cohortCapacity = cohortCapacity
        opened = [Int](repeating: 0, count: control.size - 1)
        pending = [[Int]](repeating: [], count: control.size - 1)
    }

    /// The workers that owe something.
    var debtors: [Int] { pending.indices.filter { !pending[$0].isEmpty } }

    /// Tells a worker that there will be no further orders: an empty one is the last.
    func end(_ worker: Int) throws {
        let request = try control.startSend(Buffer<UInt8>(count: 0), to: worker + 1, tag: ControlMessage.Tag.order)
        outgoing.append(Parcel(worker, request))
    }

    /// Orders a worker to do this for clients, from these weights and what goes beside them.
    func order(
        _ task: ClientTask, of clients: [Int], from worker: Int, round: RoundID, down: Span<Float>
    ) throws {
        guard !clients.isEmpty else { return }
        timeline.enter(.broadcast, peer: worker + 1)
        var lists = [[Int]](repeating: [], count: pending.count)
        lists[worker] = clients
        let assignment = Assignment(clientsOfWorker: lists)
        var frame = RoundFrame(cohortCapacity: cohortCapacity, parameterCount: parameterCount)
        var header = RoundFrame.Header(task.kind, round, cohort: clients.count)
        if timeline.isOn { (header.sent, header.gatherOpened) = (timeline.shared(timeline.now), opened[worker]) }
        frame.setHeader(header)
        frame.setAssignment(assignment)
        frame.setWeights(down)
        frame.seal()
        timeline.note(bytesOut: frame.buffer.count, clients: clients.count)
        let request = try control.startSend(
            frame.intoBuffer(), to: worker + 1, tag: ControlMessage.Tag.order)
        outgoing.append(Parcel(worker, request))
        pending[worker] += clients
    }

    /// Takes back what a lost worker owes.
    func withdraw(_ worker: Int) -> [Int] {
        defer { pending[worker] = [] }
        incoming.removeAll { $0.worker == worker }
        outgoing.removeAll { $0.worker == worker }
        return pending[worker]
    }

    /// Moves messages along, and hands over the updates that are complete.
    /// - Parameters:
    ///   - wire: knows how the answers are written.
    ///   - heard: called with each worker that something came from.
    /// - Returns: whether something came.
    func serve(
        round: RoundID, by wire: any Wire, into tally: any AnswerReceiver, heard: (_ worker: Int) throws -> Void
    ) throws -> Bool {
        try serve(heard: heard) { answer, pending in
            wire.open(answer, pending: &pending, round: round, into: tally)
        }
    }

    /// Moves messages along, and hands over the answers that are complete.
    /// - Parameters:
    ///   - heard: as above.
    ///   - open: opens an answer, and takes what has come out of what its worker owes.
    /// - Returns: whether something came.
    @discardableResult
    func serve(
        heard: (_ worker: Int) throws -> Void,
        open: (_ answer: borrowing Buffer<UInt8>, _ pending: inout [Int]) throws -> Void
    ) throws -> Bool {
        try outgoing.advance()

        while let status = try control.iprobe(from: nil, tag: ControlMessage.Tag.updates) {
            let request = try control.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: status.source, tag: ControlMessage.Tag.updates)
            incoming.append(Parcel(status.source - 1, request))
            timeline.enter(.gather, peer: status.source)
            opened[status.source - 1] = timeline.shared(timeline.entered)
            timeline.note(bytesIn: status.byteCount)
        }
        var hasCome = false
        var receiving: [Parcel] = []
        for parcel in incoming {
            guard let buffer = try parcel.completed() else {
                receiving.append(parcel)
                continue
            }
            hasCome = true
            try heard(parcel.worker)
            // A worker that was lost and is back may still send what it was asked for then: that is not owed.
            timeline.enter(.decode)
            try open(buffer, &pending[parcel.worker])
        }
        incoming = receiving
        if hasCome { timeline.enter(incoming.isEmpty ? .wait : .gather) }
        return hasCome
    }
}
