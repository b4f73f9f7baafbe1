import FedCore
import MPI
import Records
import Runtime

/// The place of clients' work in a run without MPI: the process that is also the server. It reads clients' states
/// straight from the server's file.
final class LocalHost: ClientHost {
    let job: Job
    let device: Device
    /// The server's file of states; nil when clients keep nothing.
    private let states: ClientStates?
    private let stopFlag: StopFlag
    private let timeline: Timeline
    /// What the encoded bytes of the last answer say.
    private(set) var coded = CodedBytes()
    /// What the server has for each client of the task, where it sends letters.
    var letters: [Int: [UInt8]] = [:]
    /// Called after each batch with the samples trained in it.
    var whenProgressed: (_ samples: Int) throws -> Void = { _ in }

    /// Compiles the model.
    /// - Parameters:
    ///   - job: the run.
    ///   - states: what clients keep; nil when they keep nothing.
    ///   - stop: looked at after each batch.
    ///   - timeline: the process's phases.
    init(_ job: Job, _ states: ClientStates? = nil, stop: StopFlag, _ timeline: Timeline) throws {
        self.job = job
        self.states = states
        self.timeline = timeline
        stopFlag = stop
        device = try Device(job, timeline)
    }

    /// Does a client's work here and now.
    /// - Parameters:
    ///   - task: what the client is asked for.
    ///   - client: number of the client.
    ///   - round: number and attempt.
    ///   - down: what goes down, `[job.vectors.down]`.
    ///   - slot: receives the answer, `[task.answer(job).floats]`.
    /// - Returns: the envelope that the answer would cross with.
    func run(
        _ task: ClientTask, _ client: Int, _ round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>
    ) throws -> UpdateSlot.Envelope {
        let result = try task.run(client, round, down, &slot, self)
        let format = task.answer(job)
        let bytes = try format.passThrough(&slot, of: client, round)
        coded = bytes.coded
        return format.envelope(client, round, result, payloadBytes: bytes.payloadBytes)
    }

    /// Reads the client's state from the server's file.
    func readState(of client: Int, into state: inout MutableSpan<Float>) throws {
        try states?.read(client, into: &state)
    }

    /// Gives out what the server has for a client.
    func letter(to client: Int) -> [UInt8] { letters[client] ?? [] }

    /// Does nothing: faults are made on ranks.
    func meetFaults(of client: Int, in update: inout MutableSpan<Float>) {}

    /// Reports a batch, and ends the run when it is asked to stop.
    func progressed(samples: Int) throws {
        try stopFlag.check()
        timeline.tick()
        try whenProgressed(samples)
    }

    /// Sleeps, unless the run is asked to stop.
    func pause(_ duration: Duration) throws { try stopFlag.pause(duration) }
}
