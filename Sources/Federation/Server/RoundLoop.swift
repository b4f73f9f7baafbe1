import Datasets
import Devices
import FedCore
import MPI
import Records
import Runtime

/// The server, rank 0: selects, sends down, collects, aggregates, publishes.
///
/// Alone, without other ranks, it trains the clients itself and gets the same weights.
final class RoundLoop {
    private let job: Job
    private let ranks: Int
    private let exchange: any Exchange
    private let cohorts: CohortSource
    private let model: ServerModel
    private let evaluation: RoundEvaluation
    /// Nil when nobody keeps any.
    private let states: ClientStates?
    private let tally: RoundTally
    private let rejections: Rejections
    private let observers: [any RoundObserver]
    private let stop: StopFlag
    private let timeline: Timeline
    private let dataDigest: UInt64
    private let finishedRounds: Int
    private let earlierSeconds: Double
    private var totals: (upload: Int, download: Int)
    private var start = ContinuousClock.now

    /// - Parameter ranks: of the job, rank 0 included.
    init(_ context: ServerContext, _ exchange: any Exchange, ranks: Int, observers: [any RoundObserver]) throws {
        (job, cohorts, states, stop, timeline) = (
            context.job, context.cohorts, context.states, context.stop, context.timeline
        )
        self.exchange = exchange
        self.ranks = ranks
        self.observers = observers
        let (job, states, state) = (job, states, context.resuming)
        model = try ServerModel(job, resuming: state, timeline)
        evaluation = try RoundEvaluation(job, resuming: state, timeline)
        totals = (state?.last?.totalUploadBytes ?? 0, state?.last?.totalDownloadBytes ?? 0)
        dataDigest = state?.dataDigest ?? job.dataDigest
        finishedRounds = state?.round ?? 0
        earlierSeconds = state?.seconds ?? 0
        let rejections = Rejections(observers, learningRate: { Float(job.learningRate(round: $0)) })
        self.rejections = rejections
        tally = RoundTally(
            job.terms, keepsUpdates: job.keepsUpdates,
            keep: { client, state in try states?.stage(client, state) },
            reject: { rejections.add($0, because: $1) })
    }

    var hasLostRanks: Bool { exchange.hasLostRanks }

    /// The whole run.
    /// - Parameter hosts: of each rank.
    func run(hosts: [String]) throws {
        timeline.enter(.checkpoint)
        let description = RunDescription(job, ranks: ranks, hosts: hosts, finishedRounds: finishedRounds)
        for observer in observers { try observer.runStarted(description) }
        start = .now
        do {
            // Makes up for the evaluation that a run was stopped in.
            try evaluate()
            for round in finishedRounds..<job.settings.rounds where evaluation.earlyEnd == nil { try run(round + 1) }
            try publish { try exchange.heartbeat() }
            let weights = model.weights
            let summary = RunSummary(last: evaluation.complete, seconds: seconds, earlyEnd: evaluation.earlyEnd)
            timeline.enter(.checkpoint)
            for observer in observers { try observer.runFinished(summary, weights: weights.span) }
        } catch {
            end(because: error)
            throw error
        }
        // Last: a worker that has been let go can be missed no longer, because MPI is finalised by all.
        try exchange.stop()
    }

    /// One round; with too few updates it is repeated with another cohort.
    private func run(_ number: Int) throws {
        let start = ContinuousClock.now
        var record = RoundRecord(round: number)
        timeline.round = number
        MPIWorld.markRoundStart()
        defer { MPIWorld.markRoundEnd() }
        var asked: [Int] = []
        for attempt in 0...job.settings.roundRetries {
            try stop.check()
            timeline.enter(.encode)
            let round = RoundID(number, attempt: attempt)
            let cohort = cohorts.draw(round)
            asked = try collect(round, cohort, model.prepareDown(), &record)
            if tally.participants >= model.minimumUpdates { break }
            try noteShortage(record, mayRepeat: attempt < job.settings.roundRetries)
        }
        timeline.enter(.aggregate)
        model.step(number, along: tally)
        rejections.tell()
        try states?.commit()
        cohorts.learn(number, asked: asked, tally.results, startingLoss: evaluation.startingLoss(of: number))
        record.finish(
            tally, seconds: (ContinuousClock.now - start).seconds,
            trained: { $0.status == .partial ? $0.samples : job.trainedSamples(holding: $0.samples) })
        record.metrics.merge(model.measurements.merging(cohorts.measurements) { $1 }) { $1 }
        totals = (totals.upload + record.uploadBytes, totals.download + record.downloadBytes)
        (record.totalUploadBytes, record.totalDownloadBytes) = totals
        evaluation.add(record)
        try evaluate()
    }

    /// Sends down, has the cohort train, and takes in what comes up; meanwhile the round before is evaluated and published.
    /// - Returns: the clients that were asked, or whose turns ended.
    private func collect(_ round: RoundID, _ cohort: [Int], _ down: [Float], _ record: inout RoundRecord) throws
        -> [Int]
    {
        tally.reset()
        rejections.round = round.number
        let samples = job.trainedSamples(by: cohort)
        let watchers = observers.filter(\.wantsProgress)
        if !exchange.trainsElsewhere { try model.trainRoot(round, down.span) {} }
        try exchange.run(
            .training, round: round, cohort: cohort, down: down.span, into: tally,
            besideTraining: { heartbeat in
                try publish(heartbeat)
                try model.trainRoot(round, down.span, heartbeat)
            },
            progressed: { trained in
                let fraction = Double(trained) / Double(max(samples, 1))
                for watcher in watchers { watcher.progressed(round: round.number, fraction: fraction) }
            })
        rejections.tell(diverged: tally.diverged, of: cohort.count)
        if let failure = tally.failure { throw failure }
        let report = exchange.report
        record.add(tally, report, cohort: cohort.count, job)
        return report.clients ?? cohort
    }

    /// Tells that the round came to too little.
    /// - Throws: `TooFewUpdates` when it was repeated often enough.
    private func noteShortage(_ record: RoundRecord, mayRepeat: Bool) throws {
        let shortage = TooFewUpdates(
            round: record.round, updates: tally.participants, needed: model.minimumUpdates, attempts: record.attempts,
            hint: tally.diverged * 2 > record.cohort
                ? rejections.divergenceHint(tally.diverged, of: record.cohort) : nil)
        guard mayRepeat else { throw shortage }
        let repetition = FaultRecord(round: record.round, kind: .roundRepeated, reason: "\(shortage)")
        for observer in observers { observer.faulted(repetition) }
        states?.discard()
    }

    // MARK: Publishing

    /// Has the clients evaluate the finished round, and the server at once, unless it can while the next one trains.
    private func evaluate() throws {
        if let table = try evaluation.askClients(through: exchange, model, rejections) {
            for observer in observers { try observer.clientsEvaluated(table) }
        }
        if !exchange.trainsElsewhere || evaluation.isUrgent { try publish { try exchange.heartbeat() } }
    }

    /// Evaluates the finished round, if that is still to be done, and tells the observers.
    private func publish(_ heartbeat: () throws -> Void) throws {
        guard let record = try evaluation.finish(model.weights, heartbeat) else { return }
        timeline.enter(.checkpoint)
        for observer in observers { try observer.roundFinished(record) }
        for observer in observers {
            try observer.stateReached(round: record.round, isLast: evaluation.isLast(record), state: { state })
        }
    }

    private func end(because error: any Error) {
        rejections.tell()
        let cause = (error as? Interruption).map { RunStop.Cause.interruption($0) } ?? .failure(error.line)
        let stop = RunStop(cause: cause, state: state)
        for observer in observers { observer.runStopped(stop) }
        // The caller may want to go on without this run.
        if !(error is Interruption) { try? exchange.dismiss() }
    }

    private var seconds: Double { earlierSeconds + (ContinuousClock.now - start).seconds }

    /// After the last finished round: nothing that a round changes changes before its end.
    private var state: RunState {
        var state = RunState(job.settings, weights: model.weights)
        (state.last, state.progress) = (evaluation.last, evaluation.progress)
        state.isEvaluated = evaluation.pending == nil
        for (name, part) in model.parts { state[name] = part.serverState }
        state[PartName.selection] = cohorts.serverState
        state[PartName.inFlight] = exchange.serverState
        state.clientStates = states?.mark
        (state.dataDigest, state.teacherDigest) = (dataDigest, job.distillation?.teacherDigest)
        state.seconds = seconds
        return state
    }
}
