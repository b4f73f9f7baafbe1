import FedCore
import MPI
import Runtime

/// Those who train for an asynchronous server: this process, or the client ranks.
protocol Crew: AnyObject {
    /// Whether other ranks train, so that the server has time of its own meanwhile.
    var trainsElsewhere: Bool { get }
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }

    /// The server works towards the next step.
    /// - Parameter number: of the step, from 1.
    func startStep(_ number: Int) throws

    /// Takes a turn in hand. A client has one turn at a time.
    func begin(_ start: AsynchronousStart, from weights: [Float]) throws

    /// Waits for the end of a turn, and hands it over.
    func finish(_ start: AsynchronousStart) throws -> TurnEnd

    /// Hands over the turn that has ended first in real time.
    /// - Parameter waits: until there is one; otherwise nil when there is none yet.
    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)?

    /// To be called every so often while the server does something else.
    func heartbeat() throws

    /// Tells the ranks that the run is over.
    func stop() throws

    /// Tells the ranks that the run has failed.
    func dismiss() throws
}

/// How a client's turn ended.
enum TurnEnd {
    /// With an update: its envelope, or what is wrong with it, and the change of the weights.
    case update(Result<UpdateSlot.Envelope, UpdateSlot.Defect>, [Float])
    /// Its rank was lost, and nobody else is to train it.
    case lost
}

/// The light simulation: one process is the server and trains every client itself, when its turn's end is due.
final class LocalCrew: Crew {
    private let host: LocalHost
    /// In the order in which they began.
    private var queue: [(start: AsynchronousStart, weights: [Float])] = []
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ job: Job, stop: StopFlag, _ timeline: Timeline) throws {
        host = try LocalHost(job, stop: stop, timeline)
    }

    func startStep(_ number: Int) throws {}

    func begin(_ start: AsynchronousStart, from weights: [Float]) {
        queue.append((start, weights))
    }

    func finish(_ start: AsynchronousStart) throws -> TurnEnd {
        guard let index = queue.firstIndex(where: { $0.start == start }) else {
            preconditionFailure("client \(start.client) has not begun")
        }
        return try train(start, from: queue.remove(at: index).weights)
    }

    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)? {
        guard waits, !queue.isEmpty else { return nil }
        let (start, weights) = queue.removeFirst()
        return (start.client, try train(start, from: weights))
    }

    private func train(_ start: AsynchronousStart, from weights: [Float]) throws -> TurnEnd {
        var slot = [Float](repeating: 0, count: ClientTask.training.answerFloats(host.job))
        var span = slot.mutableSpan
        host.device.startRound()
        let envelope = try host.run(.training, start.client, start.id, down: weights.span, slot: &span)
        return .update(.success(envelope), slot)
    }

    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
