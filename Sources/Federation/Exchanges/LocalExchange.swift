import FedCore
import MPI
import Records
import Runtime

/// The light simulation: one process is the server and does every client's work itself.
final class LocalExchange: Exchange {
    private let job: Job
    private let host: LocalHost
    private let timeline: Timeline
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ job: Job, _ states: ClientStates?, stop: StopFlag, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        host = try LocalHost(job, states, stop: stop, timeline)
    }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        let format = task.answer(job)
        var slot = [Float](repeating: 0, count: format.floats)
        host.device.startRound()
        try withoutActuallyEscaping(progressed) { progressed in
            host.whenProgressed = { samples in
                trained += samples
                guard ContinuousClock.now - last >= .milliseconds(200) else { return }
                last = .now
                progressed(trained)
            }
            defer { host.whenProgressed = { _ in } }
            for client in cohort {
                var span = slot.mutableSpan
                let envelope = try host.run(task, client, round, down: down, slot: &span)
                timeline.enter(.aggregate, client: client)
                let numbers = slot.span
                tally.receive(
                    client, .success(envelope), numbers.extracting(0..<format.updateFloats),
                    state: numbers.extracting(format.updateFloats...), bytes: format.uploadBytes(of: .success(envelope))
                )
            }
        }
    }

    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
