import FedCore
import MPI
import Records
import Runtime

/// The light simulation: one process is the server and trains every client itself, when its turn's end is due.
final class LocalWorkers: AsynchronousWorkers {
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
        var slot = [Float](repeating: 0, count: ClientTask.training.answer(host.job).floats)
        var span = slot.mutableSpan
        host.device.startRound()
        let envelope = try host.run(.training, start.client, start.id, down: weights.span, slot: &span)
        let bytes = ClientTask.training.answer(host.job).uploadBytes(of: .success(envelope))
        return .update(.success(envelope), slot, bytes: bytes)
    }

    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
