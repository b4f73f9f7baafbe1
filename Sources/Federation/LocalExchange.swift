import FedCore
import MPI

/// The light simulation: one process is the server and trains every client itself.
final class LocalExchange: Exchange {
    private let job: Job
    private let device: Device
    private let timeline: Timeline
    private let stopFlag: StopFlag
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ job: Job, stop: StopFlag, _ timeline: Timeline) throws {
        self.timeline = timeline
        stopFlag = stop
        self.job = job
        device = try Device(job, timeline)
    }

    func run(
        round: RoundID, cohort: [Int], global: Span<Float>, into tally: RoundTally,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        var change = [Float](repeating: 0, count: job.model.parameterCount)
        device.startRound()
        for client in cohort {
            var span = change.mutableSpan
            let result = try device.run(
                client: client, round: round, global: global, change: &span,
                progress: { count in
                    try stopFlag.check()
                    trained += count
                    timeline.tick()
                    guard ContinuousClock.now - last >= .milliseconds(200) else { return }
                    last = .now
                    progressed(trained)
                }, pause: pause)
            let envelope = UpdateSlot.Envelope(
                client: client, round: round, result: result, payloadBytes: change.count * 4)
            timeline.enter(.aggregate, client: client)
            tally.receive(client, .success(envelope), change.span)
        }
    }

    private func pause(_ duration: Duration) throws {
        _ = try Backoff.default.wait(until: .now + duration) { () throws in
            try stopFlag.check()
            return false
        }
    }

    func heartbeat() {}

    func stop() {}
}
