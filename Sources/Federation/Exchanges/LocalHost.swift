import FedCore
import MPI
import Records
import Runtime

/// The light simulation's place of work: the process that is also the server.
final class LocalHost: ClientHost {
    let job: Job
    let device: Device
    private let states: ClientStates?
    private let stopFlag: StopFlag
    private let timeline: Timeline
    /// Called after each batch with the samples trained in it.
    var whenProgressed: (_ samples: Int) -> Void = { _ in }

    /// - Parameter states: nil when the strategy keeps none.
    init(_ job: Job, _ states: ClientStates? = nil, stop: StopFlag, _ timeline: Timeline) throws {
        self.job = job
        self.states = states
        self.timeline = timeline
        stopFlag = stop
        device = try Device(job, timeline)
    }

    /// Does a client's work here and now.
    /// - Parameter slot: receives the answer.
    /// - Returns: the envelope that it would cross with.
    func run(
        _ task: ClientTask, _ client: Int, _ round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>
    ) throws -> UpdateSlot.Envelope {
        let result = try task.run(client, round, down, &slot, self)
        let format = task.answer(job)
        return format.envelope(client, round, result, payloadBytes: try format.passThrough(&slot))
    }

    func readState(of client: Int, into state: inout MutableSpan<Float>) throws {
        try states?.read(client, into: &state)
    }

    func progressed(samples: Int) throws {
        try stopFlag.check()
        timeline.tick()
        whenProgressed(samples)
    }

    func pause(_ duration: Duration) throws { try stopFlag.pause(duration) }
}
