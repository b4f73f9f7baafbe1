import FedCore
import MPI
import Records
import Runtime

/// The exchange of a run without MPI: one process is the server and does every client's work itself, one after the
/// other. No bytes cross, but envelopes and counts are those that would.
final class LocalExchange: Exchange {
    private let job: Job
    /// Where clients' work is done.
    private let host: LocalHost
    private let timeline: Timeline
    /// False: the server's own work is not hidden behind anything.
    let trainsElsewhere = false
    /// False: there is no other rank to lose.
    let hasLostRanks = false

    /// Compiles the model for clients' work.
    init(_ job: Job, _ states: ClientStates?, stop: StopFlag, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        host = try LocalHost(job, states, stop: stop, timeline)
    }

    /// Does each client's work in the order of the cohort, and hands each answer to the tally at once, so that one slot
    /// of memory serves for all. `besideTraining` is not called: the round loop has done that work already.
    /// - Throws: `Interruption` between two batches; errors of oneDNN and of the file of states.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        var trained = 0
        var last = ContinuousClock.now
        let format = task.answer(job)
        var slot = [Float](repeating: 0, count: format.floats)
        host.device.terms = down.terms
        host.letters = down.letters
        host.device.startRound()
        try withoutActuallyEscaping(progressed) { progressed in
            host.whenProgressed = { samples in
                trained += samples
                guard ContinuousClock.now - last >= .milliseconds(200) else { return }
                last = .now
                try progressed(trained)
            }
            defer { host.whenProgressed = { _ in } }
            for client in cohort {
                var span = slot.mutableSpan
                let envelope = try host.run(task, client, round, down: down.weights.span, slot: &span)
                timeline.enter(.aggregate, client: client)
                let numbers = slot.span
                tally.note(host.coded)
                tally.receive(
                    client, .success(envelope), numbers.extracting(0..<format.updateFloats),
                    state: numbers.extracting(format.updateFloats...), bytes: format.uploadBytes(of: .success(envelope))
                )
            }
        }
    }

    /// Does nothing: there are no workers, as for the two functions below.
    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
