import FedCore
import MPI
import Records
import Runtime

/// The workers of a run without MPI: one process is the server and trains a client when the end of its turn is due.
/// Weights are kept for each turn that has begun, so memory is O(seats · parameters); arrays of one version share it.
final class LocalWorkers: AsynchronousWorkers {
    private let host: LocalHost
    /// Turns that have begun, in that order, with the weights they start from.
    private var queue: [(start: AsynchronousStart, weights: [Float])] = []
    let trainsElsewhere = false
    let hasLostRanks = false

    /// Compiles the model.
    init(_ job: Job, stop: StopFlag, _ timeline: Timeline) throws {
        host = try LocalHost(job, stop: stop, timeline)
    }

    /// Does nothing: there are no ranks to look after, as for ``heartbeat()``, ``stop()`` and ``dismiss()``.
    func startStep(_ number: Int) throws {}

    /// Notes a turn; training waits until its end is asked for.
    func begin(_ start: AsynchronousStart, from weights: [Float]) {
        queue.append((start, weights))
    }

    /// Trains the client now, and hands the result over.
    func finish(_ start: AsynchronousStart) throws -> TurnEnd {
        guard let index = queue.firstIndex(where: { $0.start == start }) else {
            preconditionFailure("client \(start.client) has not begun")
        }
        return try train(start, from: queue.remove(at: index).weights)
    }

    /// Trains the client that has waited longest; nil when none is to be waited for.
    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)? {
        guard waits, !queue.isEmpty else { return nil }
        let (start, weights) = queue.removeFirst()
        return (start.client, try train(start, from: weights))
    }

    /// Trains a client from the weights of its start. One slot of memory for each turn.
    private func train(_ start: AsynchronousStart, from weights: [Float]) throws -> TurnEnd {
        var slot = [Float](repeating: 0, count: ClientTask.training.answer(host.job).floats)
        var span = slot.mutableSpan
        host.device.startRound()
        let envelope = try host.run(.training, start.client, start.id, down: weights.span, slot: &span)
        let bytes = ClientTask.training.answer(host.job).uploadBytes(of: .success(envelope))
        return .update(.success(envelope), slot, bytes: bytes)
    }

    func heartbeat() {}

    /// Never asked for: alone, this rank runs the model itself.
    func test(_ parts: [Int], round: RoundID, down: Span<Float>, into tally: any AnswerReceiver) throws {
        preconditionFailure("there are no other ranks to test")
    }

    func stop() {}

    func dismiss() {}
}
