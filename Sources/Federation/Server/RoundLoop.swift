import Datasets
import Devices
import FedCore
import MPI
import Records
import Runtime

/// The server of a run, rank 0: the outer loop of federated averaging.
///
/// It is *ServerExecutes* of Algorithm 1 in H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas,
/// *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017, arXiv:1602.05629, with
/// each line behind a seam:
///
/// ```
/// initialize w₀                               ServerModel.init
/// for each round t = 1, 2, …                  run(on:)
///     m ← max(C · K, 1)                       RunSettings.cohortSize
///     Sₜ ← random set of m clients            CohortSource.draw          (any SelectionRule)
///     for each client k ∈ Sₜ in parallel      Exchange.run               (MPI, one process, or asynchronous)
///         wₖ ← ClientUpdate(k, wₜ)            LocalTrainer               (its change Δₖ = wₖ − wₜ comes up)
///     wₜ₊₁ ← wₜ + Σ nₖΔₖ / Σ nₖ               RoundTally, ServerModel.step  (any RobustAggregation, any Strategy)
/// ```
///
/// What the paper leaves open is decided here: a round with too few updates is repeated with another cohort; round t is
/// evaluated while round t + 1 trains, so that evaluating costs no time where other ranks train; every side effect
/// (printing, logs, checkpoints) is a `RoundObserver`.
///
/// ``Session`` makes one and calls ``run(on:)`` once. It is used from one thread. Nothing it computes depends on the
/// number of ranks: alone, through ``LocalExchange``, it comes to the same bits.
final class RoundLoop {
    private let job: Job
    /// Ranks of the job, rank 0 included; told to observers only.
    private let ranks: Int
    /// The way to the clients and back.
    private let exchange: any Exchange
    /// The selection rule: which clients a round asks.
    private let cohorts: CohortSource
    /// The global weights and everything that moves them.
    private let model: ServerModel
    /// The weights as the clients have them; nil where they go down as they are.
    private let downlink: Downlink?
    /// When the codec of updates changes; nil for one that does not.
    private var schedule: CodecSchedule?
    /// The last round's evaluation, and whether the run ends early because of it.
    private let evaluation: RoundEvaluation
    /// What clients keep between rounds; nil when no strategy and no stage keeps anything.
    private let states: ClientStates?
    /// The current attempt's updates; emptied before each attempt.
    private let tally: RoundTally
    private let rejections: Rejections
    private let observers: [any RoundObserver]
    private let stop: StopFlag
    private let timeline: Timeline
    /// Digest of data and partition, for checkpoints; a resumed run keeps the one that it was saved with.
    private let dataDigest: UInt64
    /// Rounds that a resumed run has behind it; 0 in a new one.
    private let finishedRounds: Int
    /// Seconds that a resumed run had taken when it was saved.
    private let earlierSeconds: Double
    /// Bytes of all rounds so far, up and down, those before a resume included.
    private var totals: (upload: Int, download: Int)
    /// When this process began with its first round.
    private var start = ContinuousClock.now

    /// Builds model, evaluation and tally, from the state in `context` when the run is resumed.
    ///
    /// - Parameters:
    ///   - context: the job and its server-side parts; its state has been validated for the job.
    ///   - exchange: reaches the clients.
    ///   - ranks: number of ranks, rank 0 included.
    ///   - observers: called in this order, on this thread.
    /// - Throws: `ConfigurationError` when a part refuses the state that was saved of it; an error of oneDNN when the
    ///   model cannot be compiled.
    init(_ context: ServerContext, _ exchange: any Exchange, ranks: Int, observers: [any RoundObserver]) throws {
        (job, cohorts, states, stop, timeline) = (
            context.job, context.cohorts, context.states, context.stop, context.timeline
        )
        self.exchange = exchange
        self.ranks = ranks
        self.observers = observers
        let (job, states, state) = (job, states, context.resuming)
        model = try ServerModel(job, resuming: state, timeline)
        downlink = job.downlink.map { Downlink($0, frameBytes: job.downloadFrameBytes) }
        try downlink?.restoreServerState(state?[PartName.downlink] ?? [])
        schedule = job.codecSchedule
        try schedule?.restoreServerState(state?[PartName.codecSchedule] ?? [])
        evaluation = try RoundEvaluation(job, resuming: state, timeline)
        totals = (state?.last?.totalUploadBytes ?? 0, state?.last?.totalDownloadBytes ?? 0)
        dataDigest = state?.dataDigest ?? job.dataDigest
        finishedRounds = state?.round ?? 0
        earlierSeconds = state?.seconds ?? 0
        let rejections = Rejections(observers, learningRate: { Float(job.learningRate(round: $0)) })
        self.rejections = rejections
        tally = RoundTally(
            job.terms, keepsUpdates: job.keepsUpdates, edges: job.edges,
            keep: { client, state in try states?.stage(client, state) },
            reject: { rejections.add($0, because: $1) })
    }

    /// Whether a rank was lost: `MPI_Finalize` would then wait for it for ever.
    var hasLostRanks: Bool { exchange.hasLostRanks }

    /// Runs all rounds that are left, and then lets the workers go.
    ///
    /// An evaluation that an interrupted run still owed is made up for first, so that a resumed run records and stops
    /// as the run without interruption does. Errors end the run in order: observers are given a state to save
    /// (``RunState`` after the last finished round), the workers are dismissed, and the error is thrown on.
    ///
    /// - Parameter processes: the ranks' hosts and what they compute by, for the run's description.
    /// - Throws: `Interruption` when the stop flag is raised; ``TooFewUpdates``; errors of observers, files and MPI.
    func run(on processes: ProcessTable) throws {
        timeline.enter(.checkpoint)
        let description = RunDescription(
            job, ranks: ranks, hosts: processes.hosts, instructionSets: processes.instructionSets,
            finishedRounds: finishedRounds)
        for observer in observers { try observer.runStarted(description) }
        start = .now
        do {
            // Makes up for the evaluation that a run was stopped in.
            try evaluate()
            for round in finishedRounds..<job.settings.rounds where evaluation.earlyEnd == nil { try run(round + 1) }
            try publish { try exchange.heartbeat() }
            let weights = model.weights
            var summary = RunSummary(
                last: evaluation.complete, seconds: seconds, earlyEnd: evaluation.earlyEnd,
                isBudgetSpent: evaluation.isBudgetSpent)
            summary.clientEpsilons = try model.clientEpsilons()
            timeline.enter(.checkpoint)
            for observer in observers { try observer.runFinished(summary, weights: weights.span) }
        } catch {
            let cause = cause(of: error)
            end(because: cause)
            throw cause
        }
        // Last: a worker that has been let go can be missed no longer, because MPI is finalised by all.
        try exchange.stop()
    }

    /// What a run ends by: a stop, where it is the stop that has ended all client ranks. A launcher that is ended takes them
    /// with it before this rank hears of it.
    private func cause(of error: any Error) -> any Error {
        guard error is NoClientRanks else { return error }
        do { try stop.pause(.seconds(1)) } catch let stopped { return stopped }
        return error
    }

    /// Runs one round: draw, exchange, aggregate, step, record.
    ///
    /// A cohort that comes to fewer updates than `ServerModel.minimumUpdates` is replaced: a repeated attempt draws
    /// other clients and other simulated conditions, and starts from the same weights. Frames and envelopes carry the
    /// attempt, so a straggler's answer to the attempt before is recognised as stale.
    ///
    /// The order at the end matters: clients' states are committed only once the step is taken, and the record is
    /// handed to the evaluation only when it is whole, because from then on a checkpoint may be written.
    ///
    /// - Parameter number: the round, from 1.
    /// - Throws: ``TooFewUpdates`` after `--round-retries` repetitions; `Interruption` between attempts.
    private func run(_ number: Int) throws {
        let start = ContinuousClock.now
        var record = RoundRecord(round: number)
        timeline.round = number
        MPIWorld.markRoundStart()
        defer { MPIWorld.markRoundEnd() }
        if let reason = schedule?.begin(number) {
            for observer in observers { observer.noted(reason, round: number) }
        }
        record[.codecLevel] = schedule.map { Double($0.level) }
        var asked: [Int] = []
        var askedInAll: [Int] = []
        var last = RoundID(number)
        for attempt in 0...job.settings.roundRetries {
            try stop.check()
            timeline.enter(.encode)
            let round = RoundID(number, attempt: attempt)
            last = round
            try cohorts.fleet?.prepare(round)
            // Sₜ ← a set of m clients.
            let cohort = cohorts.draw(round)
            // For each client k ∈ Sₜ in parallel: wₖ ← ClientUpdate(k, wₜ). The tally has Σ nₖ(wₖ − wₜ) and Σ nₖ
            // afterwards.
            asked = try collect(round, cohort, model.prepareDown(), &record)
            askedInAll += asked
            // With too few updates, the same round again: another cohort, the same weights.
            if tally.participants >= model.minimumUpdates { break }
            try noteShortage(record, mayRepeat: attempt < job.settings.roundRetries)
        }
        timeline.enter(.aggregate)
        // wₜ₊₁ ← wₜ + Σ nₖ(wₖ − wₜ) / Σ nₖ, or what aggregation, stages and strategy make of it.
        try model.step(last, along: tally, asked: askedInAll)
        noteMissingNoise(number, asked: askedInAll)
        downlink?.endRound()
        rejections.tell()
        try states?.commit()
        cohorts.fleet?.endRound()
        cohorts.learn(number, asked: asked, tally.results, startingLoss: evaluation.startingLoss(of: number))
        record.finish(
            tally, seconds: (ContinuousClock.now - start).seconds,
            trained: { job.turns * ($0.status == .partial ? $0.samples : job.trainedSamples(holding: $0.samples)) })
        // What clients' losses tell of them is not charged.
        if job.settings.privacy != nil { record.trainLoss = nil }
        record.metrics.merge(model.measurements.merging(cohorts.measurements) { $1 }) { $1 }
        if let fleet = cohorts.fleet {
            record.metrics.merge(fleet.measurements) { $1 }
            record.simulatedSeconds = (record.simulatedSeconds ?? 0) + fleet.pause.untilDue + fleet.pause.forDevices
        }
        totals = (totals.upload + record.uploadBytes, totals.download + record.downloadBytes)
        (record.totalUploadBytes, record.totalDownloadBytes) = totals
        evaluation.add(record)
        try evaluate()
    }

    /// Runs one attempt's exchange: broadcasts, has the cohort train, and takes in what comes up.
    ///
    /// While other ranks train, this one evaluates and publishes the round before, and trains the server's own update
    /// if the aggregation trusts one (FLTrust). Alone in its process it does both itself, one after the other.
    ///
    /// - Parameters:
    ///   - round: number and attempt.
    ///   - cohort: the clients to ask, ascending.
    ///   - down: federated weights and what the strategy sends beside them, `[job.vectors.down]`.
    ///   - record: counts, bytes and simulated time of this attempt are added to it.
    /// - Returns: the clients that were asked, or, of an asynchronous server, whose turns ended.
    /// - Throws: what the exchange throws; an error of the file of clients' states, after which the run cannot go on.
    private func collect(_ round: RoundID, _ cohort: [Int], _ down: [Float], _ record: inout RoundRecord) throws
        -> [Int]
    {
        tally.reset()
        rejections.round = round.number
        let samples = job.turns * job.trainedSamples(by: cohort)
        let watchers = observers.filter { $0.progressInterval != nil }
        var message = downlink?.message(down, round, to: cohort) ?? DownMessage(down)
        message.terms.codecLevel = schedule?.level ?? 0
        message.terms.clip = model.adaptedClip
        cohorts.fleet?.begin(cohort, round, &message.terms, tally)
        job.compression?.level.value = message.terms.codecLevel
        let down = message.weights
        if !exchange.trainsElsewhere { try model.trainRoot(round, down.span) {} }
        try exchange.run(
            .training, round: round, cohort: cohort, down: message, into: tally,
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
        cohorts.fleet?.end(cohort, tally)
        var report = exchange.report
        if job.recordsClientBytes, report.clients == nil, report.download == nil {
            record.add(tally.uploads, from: cohort) {
                message.bytes(for: $0) ?? job.downloadBytes(ofClient: $0, round: round.number)
            }
        }
        report.download = report.download ?? message.bytes
        record.add(tally, report, cohort: cohort, job)
        return report.clients ?? cohort
    }

    /// Reports that the round came to too few updates, and drops the states that its clients sent.
    /// - Throws: ``TooFewUpdates`` when it was repeated often enough.
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

    /// Reports clients whose share of the noise the server had to add.
    private func noteMissingNoise(_ round: Int, asked: [Int]) {
        guard let reason = job.privacy?.shortage(of: tally.participants) else { return }
        let answered = Set(tally.results.map(\.client))
        let missing = FaultRecord(
            round: round, kind: .noiseMissing, clients: asked.filter { !answered.contains($0) }, reason: reason)
        for observer in observers { observer.faulted(missing) }
    }

    // MARK: Publishing

    /// Evaluates the round that has just ended: by the clients (`--client-test`), whose weights exist only between two
    /// rounds, and by the server only if it must wait for the result or has no other ranks to wait beside.
    private func evaluate() throws {
        if let table = try evaluation.askClients(through: exchange, model, rejections) {
            for observer in observers { try observer.clientsEvaluated(table) }
        }
        if !exchange.trainsElsewhere || evaluation.isUrgent { try publish { try exchange.heartbeat() } }
    }

    /// Completes the pending round's record by its evaluation, and hands record and state to the observers; does
    /// nothing when no round is pending.
    /// - Parameter heartbeat: called between batches, so that workers hear of the server.
    private func publish(_ heartbeat: () throws -> Void) throws {
        guard let record = try evaluation.finish(model.weights, heartbeat) else { return }
        if evaluation.isToEvaluate(record) { schedule?.note(record.round, loss: record.serverLoss) }
        timeline.enter(.checkpoint)
        for observer in observers { try observer.roundFinished(record) }
        for observer in observers {
            try observer.stateReached(round: record.round, isLast: evaluation.isLast(record), state: { state })
        }
    }

    /// Tells observers that the run stops before its end, with a state they can save, and dismisses the workers. Errors
    /// of dismissing are dropped: the first error is the one to report.
    private func end(because error: any Error) {
        rejections.tell()
        let cause = (error as? Interruption).map { RunStop.Cause.interruption($0) } ?? .failure(error.line)
        let stop = RunStop(cause: cause, state: state)
        for observer in observers { observer.runStopped(stop) }
        // The caller may want to go on without this run.
        if !(error is Interruption) { try? exchange.dismiss() }
    }

    /// Seconds that the run has taken, interruptions left out.
    private var seconds: Double { earlierSeconds + (ContinuousClock.now - start).seconds }

    /// A copy of all that the rest of the run depends on, valid at any moment between two steps: a round that is under
    /// way changes nothing of it before its end. O(parameters), plus what the parts remember.
    private var state: RunState {
        var state = RunState(job.settings, weights: model.weights)
        (state.last, state.progress) = (evaluation.last, evaluation.progress)
        state.isEvaluated = evaluation.pending == nil
        for (name, part) in model.parts { state[name] = part.serverState }
        state[PartName.selection] = cohorts.serverState
        state[PartName.inFlight] = exchange.serverState
        state[PartName.downlink] = downlink?.serverState ?? []
        state[PartName.codecSchedule] = schedule?.serverState ?? []
        state[PartName.fleet] = cohorts.fleet?.serverState ?? []
        state[PartName.heldUpdates] = cohorts.fleet?.heldState ?? []
        state.clientStates = states?.mark
        (state.dataDigest, state.teacherDigest) = (dataDigest, job.distillation?.teacherDigest)
        state.seconds = seconds
        return state
    }
}
