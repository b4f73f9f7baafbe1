import FedCore
import MPI
import Runtime

/// The light simulation: one process is the server and trains every client itself.
final class LocalExchange: Exchange {
    private let job: Job
    private let device: Device
    private let timeline: Timeline
    private let stopFlag: StopFlag
    private let states: ClientStates?
    let trainsElsewhere = false
    let hasLostRanks = false

    init(_ job: Job, _ states: ClientStates?, stop: StopFlag, _ timeline: Timeline) throws {
        self.states = states
        self.timeline = timeline
        stopFlag = stop
        self.job = job
        device = try Device(job, timeline)
    }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        switch task {
        case .training: try train(round: round, cohort: cohort, down: down, into: tally, progressed: progressed)
        case .evaluation: try evaluate(round: round, clients: cohort, down: down, into: tally)
        }
    }

    private func evaluate(
        round: RoundID, clients: [Int], down: Span<Float>, into tally: any AnswerReceiver
    ) throws {
        var state = [Float](repeating: 0, count: job.sendsStates(for: .evaluation) ? job.vectors.state : 0)
        var slot = [Float](repeating: 0, count: job.evaluationVector.floats)
        for client in clients {
            if let states, !state.isEmpty {
                var span = state.mutableSpan
                try states.read(client, into: &span)
            }
            var span = slot.mutableSpan
            let result = try device.evaluate(
                client: client, down: down, state: state.span, slot: &span,
                heartbeat: {
                    try stopFlag.check()
                    timeline.tick()
                })
            let envelope = UpdateSlot.Envelope(
                client: client, round: round, result: result, payloadBytes: slot.count * 4)
            tally.receive(client, .success(envelope), slot.span)
        }
    }

    private func train(
        round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver, progressed: (Int) -> Void
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        var slot = [Float](repeating: 0, count: job.vectors.slot)
        device.startRound()
        for client in cohort {
            var span = slot.mutableSpan
            if let states {
                var state = span.part(job.vectors.up...)
                try states.read(client, into: &state)
            }
            let result = try device.run(
                client: client, round: round, down: down, slot: &span,
                progress: { count in
                    try stopFlag.check()
                    trained += count
                    timeline.tick()
                    guard ContinuousClock.now - last >= .milliseconds(200) else { return }
                    last = .now
                    progressed(trained)
                }, pause: stopFlag.pause)
            let envelope = UpdateSlot.Envelope(
                client: client, round: round, result: result, payloadBytes: slot.count * 4)
            timeline.enter(.aggregate, client: client)
            tally.receive(client, .success(envelope), slot.span)
        }
    }

    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
