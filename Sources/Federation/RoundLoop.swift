import Aggregation
import Datasets
import Devices
import FedCore
import MPI
import NeuralNet
import Records
import Runtime
import Selection

/// The server, rank 0: selects, sends down, collects, averages, evaluates, tells the observers.
///
/// Alone, without other ranks, it trains the clients itself and gets the same weights.
final class RoundLoop {
    private let ranks: Int
    private let exchange: any Exchange
    private let job: Job
    private let observers: [any RoundObserver]
    /// Nil unless the aggregation trusts an update of the server's own.
    private let root: RootTrainer?
    private let evaluator: Evaluator
    private let testSamples: [UInt32]
    private let timeline: Timeline

    private var strategy: any Strategy
    private var rule: any RobustAggregation
    private var stages: [any UpdateStage]
    private var selection: any SelectionRule
    private var global: [Float]
    /// What goes down: the weights, and what the strategy sends beside them.
    private var down: [Float]
    private var mean: [Float]
    /// Nil when the strategy keeps none.
    private let states: ClientStates?
    /// The cohort of the last exchange, or whose turns it ended.
    private var asked: [Int] = []
    private let tally: RoundTally
    private let rejections: Rejections
    private var totals = (upload: 0, download: 0)
    /// The last round whose record is complete.
    private var complete: RoundRecord?
    private var progress = AccuracyProgress()
    /// The finished round whose evaluation runs beside the next round's training, if other ranks train.
    private var unevaluated: RoundRecord?

    private let stopping: StoppingRule
    /// Why the run ends before its last round; nil while it does not.
    private var earlyEnd: String?

    private let stop: StopFlag
    private let dataDigest: UInt64
    private let finishedRounds: Int
    private let earlierSeconds: Double
    private var start = ContinuousClock.now

    /// - Parameters:
    ///   - ranks: of the job, rank 0 included.
    ///   - state: to continue from; it has been validated for the job.
    init(
        _ job: Job, _ exchange: any Exchange, _ states: ClientStates?, ranks: Int, resuming state: RunState?,
        stop: StopFlag, observers: [any RoundObserver], _ timeline: Timeline
    ) throws {
        self.timeline = timeline
        self.exchange = exchange
        self.ranks = ranks
        self.observers = observers
        self.job = job
        self.stop = stop
        strategy = job.strategy
        rule = job.aggregation
        stages = job.stages
        selection = job.selection
        let settings = job.settings
        stopping = StoppingRule(settings)
        if let state {
            try strategy.restoreServerState(state.strategyState)
            try rule.restoreServerState(state.aggregationState)
            try selection.restore(state.selectionState)
            complete = state.isEvaluated ? state.last : nil
            unevaluated = state.isEvaluated ? nil : state.last
            progress = state.progress
            totals = (state.last?.totalUploadBytes ?? 0, state.last?.totalDownloadBytes ?? 0)
        }
        dataDigest = state?.dataDigest ?? job.dataDigest
        finishedRounds = state?.round ?? 0
        earlierSeconds = state?.seconds ?? 0
        root = job.root.isEmpty ? nil : try RootTrainer(job, timeline)
        testSamples = (0..<UInt32(job.data.test.count)).map { $0 }
        evaluator = try Evaluator(job.model, job.data.test, threads: settings.threads)
        global = state?.weights ?? job.model.initialWeights(seed: settings.seed)
        down = [Float](repeating: 0, count: job.vectors.down)
        mean = [Float](repeating: 0, count: job.vectors.averaged)
        self.states = states
        let rejections = Rejections(observers, learningRate: { Float(job.learningRate(round: $0)) })
        self.rejections = rejections
        tally = RoundTally(
            job.terms, keepsUpdates: job.keepsUpdates,
            keep: { client, state in try states?.stage(client, state) },
            reject: { rejections.add($0, because: $1) })
        (exchange as? AsynchronousExchange)?.draw = { [unowned self] in draw($0) }
    }

    var hasLostRanks: Bool { exchange.hasLostRanks }

    /// - Parameter hosts: of each rank.
    func run(hosts: [String]) throws {
        timeline.enter(.checkpoint)
        let description = RunDescription(job, ranks: ranks, hosts: hosts, finishedRounds: finishedRounds)
        for observer in observers { try observer.runStarted(description) }
        start = .now
        do {
            noteEnd()
            // Makes up for the evaluation that a run was stopped in.
            try evaluateClients()
            if evaluatesAtOnce { try evaluatePending { try exchange.heartbeat() } }
            for round in finishedRounds..<job.settings.rounds where earlyEnd == nil { try run(round: round + 1) }
            try evaluatePending { try exchange.heartbeat() }
        } catch {
            end(because: error)
            throw error
        }
        let summary = RunSummary(last: complete, seconds: seconds, earlyEnd: earlyEnd)
        let weights = global
        timeline.enter(.checkpoint)
        do {
            for observer in observers { try observer.runFinished(summary, weights: weights.span) }
        } catch {
            end(because: error)
            throw error
        }
        // Last: a worker that has been let go can be missed no longer, because MPI is finalised by all.
        try exchange.stop()
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
        RunState(
            settings: job.settings, last: unevaluated ?? complete, progress: progress,
            isEvaluated: unevaluated == nil, weights: global, strategyState: strategy.serverState,
            aggregationState: rule.serverState, selectionState: selection.state,
            asynchronousState: exchange.asynchronousState,
            clientStates: states?.mark, dataDigest: dataDigest,
            teacherDigest: job.distillation?.teacherDigest, seconds: seconds)
    }

    /// One round; with too few updates it is repeated with another cohort.
    private func run(round: Int) throws {
        let settings = job.settings
        let start = ContinuousClock.now
        var record = RoundRecord(round: round)
        let needed = max(settings.minClients, tally.keepsUpdates ? rule.minimumUpdates : 0)
        timeline.round = round
        MPIWorld.markRoundStart()
        defer { MPIWorld.markRoundEnd() }
        for attempt in 0...settings.roundRetries {
            try exchange(RoundID(round, attempt: attempt), &record)
            if tally.participants >= needed { break }
            let shortage = TooFewUpdates(
                round: round, updates: tally.participants, needed: needed, attempts: attempt + 1,
                hint: tally.diverged * 2 > record.cohort
                    ? rejections.divergenceHint(tally.diverged, of: record.cohort) : nil)
            guard attempt < settings.roundRetries else { throw shortage }
            let repetition = FaultRecord(round: round, kind: .roundRepeated, reason: "\(shortage)")
            for observer in observers { observer.faulted(repetition) }
            states?.discard()
        }
        timeline.enter(.aggregate)
        move(round)
        rejections.tell()
        try states?.commit()
        learn(round)

        record.finish(
            tally, seconds: (ContinuousClock.now - start).seconds,
            trained: { $0.status == .partial ? $0.samples : job.trainedSamples(holding: $0.samples) })
        totals.upload += record.uploadBytes
        totals.download += record.downloadBytes
        record.totalUploadBytes = totals.upload
        record.totalDownloadBytes = totals.download
        unevaluated = record
        noteEnd()
        try evaluateClients()
        guard evaluatesAtOnce else { return }
        try evaluatePending { try exchange.heartbeat() }
    }

    /// Tells the selection what came of the cohort.
    private func learn(_ round: Int) {
        let results = Dictionary(tally.results.map { ($0.client, $0.result) }, uniquingKeysWith: { $1 })
        let isVirtual = job.settings.simulation.isVirtual
        let outcomes = asked.map { client in
            let result = results[client]
            return RoundFeedback.Outcome(
                client: client, participated: result != nil, loss: result?.loss, samples: result?.samples ?? 0,
                seconds: isVirtual ? result?.simulatedSeconds : nil)
        }
        // The last round's evaluation ran beside this one's training.
        let start = complete.flatMap { $0.round == round - 1 ? $0.serverLoss : nil }
        selection.learn(RoundFeedback(round: round, outcomes: outcomes, startingLoss: start))
    }

    /// Whether a round's evaluation cannot run beside the next round.
    private var evaluatesAtOnce: Bool { !exchange.trainsElsewhere || stopping.needsAccuracy }

    private func noteEnd() {
        guard earlyEnd == nil else { return }
        earlyEnd = stopping.reason(after: unevaluated ?? complete, isComplete: unevaluated == nil, progress)
    }

    private func exchange(_ round: RoundID, _ record: inout RoundRecord) throws {
        try stop.check()
        timeline.enter(.encode)
        let cohort = draw(round)
        let expected = Double(
            max(cohort.reduce(0) { $0 + job.trainedSamples(holding: job.partition.count(of: $1)) }, 1))
        let watchers = observers.filter(\.wantsProgress)
        prepareDown()
        let down = down
        tally.reset()
        rejections.round = round.number
        if !exchange.trainsElsewhere { try trainRoot(round, down.span) {} }
        try exchange.run(
            .training, round: round, cohort: cohort, down: down.span, into: tally,
            besideTraining: { heartbeat in
                try evaluatePending(heartbeat)
                try trainRoot(round, down.span, heartbeat)
            },
            progressed: { trained in
                for watcher in watchers {
                    watcher.progressed(round: round.number, fraction: Double(trained) / expected)
                }
            })
        rejections.tell(diverged: tally.diverged, of: cohort.count)
        if let failure = tally.failure { throw failure }
        record.cohort = cohort.count
        record.attempts += 1
        record.uploadBytes += exchange.traffic?.upload ?? tally.uploadBytes
        record.downloadBytes += exchange.traffic?.download ?? cohort.count * job.downloadBytes
        if job.settings.simulation.isVirtual {
            record.simulatedSeconds = (record.simulatedSeconds ?? 0) + tally.simulatedSeconds
        }
        asked = cohort
        guard let step = exchange.step else { return }
        step.describe(&record, frameBytes: job.downloadBytes)
        asked = step.clients
    }

    private func draw(_ round: RoundID) -> [Int] {
        selection.cohort(
            size: job.settings.cohortSize, round: round.number, attempt: round.attempt, federation: job.federation)
    }

    private func trainRoot(_ round: RoundID, _ down: Span<Float>, _ heartbeat: () throws -> Void) throws {
        try root?.train(round: round, down: down, heartbeat: heartbeat)
    }

    private func prepareDown() {
        var down = down
        self.down = []  // or the first write would copy it
        var span = down.mutableSpan
        var shared = span.part(0..<job.vectors.sharedCount)
        let global = self.global
        job.vectors.extractShared(global.span, into: &shared)
        var broadcast = span.part(job.vectors.sharedCount...)
        strategy.write(&broadcast)
        self.down = down
    }

    private func aggregated(_ round: Int) -> AggregatedRound {
        let participants = tally.results.sorted { $0.client < $1.client }.map {
            AggregatedRound.Participant(client: $0.client, samples: $0.result.samples, steps: $0.result.steps)
        }
        return AggregatedRound(
            number: round, participants: participants, federationSamples: job.partition.sampleCount,
            learningRate: Double(job.learningRate(round: round)), momentum: Double(job.localMomentum))
    }

    /// Moves the weights by the strategy's step along the round's update, if there is one.
    private func move(_ round: Int) {
        var (mean, global) = (mean, global)
        (self.mean, self.global) = ([], [])  // or writing would copy them
        var meanSpan = mean.mutableSpan
        let trusted = root?.update ?? []
        if tally.aggregate(by: &rule, trusting: trusted.span, under: job.attack, by: job.attackers, into: &meanSpan) {
            var globalSpan = global.mutableSpan
            if job.vectors.personal.isEmpty {
                step(&globalSpan, along: &meanSpan, round)
            } else {
                var shared = [Float](repeating: 0, count: job.vectors.sharedCount)
                var sharedSpan = shared.mutableSpan
                job.vectors.extractShared(globalSpan.span, into: &sharedSpan)
                step(&sharedSpan, along: &meanSpan, round)
                job.vectors.insertShared(sharedSpan.span, into: &globalSpan)
            }
        }
        (self.mean, self.global) = (mean, global)
    }

    /// Whether a round is one to evaluate.
    private func isToEvaluate(_ record: RoundRecord) -> Bool {
        record.round % job.settings.evalEvery == 0 || record.round == job.settings.rounds || earlyEnd != nil
    }

    /// Has the clients try the last finished round's weights on what they hold out, if it is a round to evaluate.
    private func evaluateClients() throws {
        guard var record = unevaluated, record.clients == nil, isToEvaluate(record) else { return }
        let clients = job.testingClients
        guard !clients.isEmpty else { return }
        prepareDown()
        let down = down
        rejections.round = record.round
        let tally = EvaluationTally(
            job.evaluationVector, asked: clients.count, held: { [job] in job.clientTest.count(of: $0) },
            reject: { [rejections] in rejections.add($0, because: $1) })
        try exchange.run(
            .evaluation, round: .evaluation(after: record.round), cohort: clients, down: down.span, into: tally,
            besideTraining: { _ in }, progressed: { _ in })
        rejections.tell()
        guard let found = tally.summary(round: record.round, isGlobal: job.evaluatesGlobal) else { return }
        record.clients = found.evaluation
        unevaluated = record
        for observer in observers { try observer.clientsEvaluated(found.table) }
    }

    /// Share of the test samples of other classes that, with the trigger of an attack on them, are taken for the attackers'
    /// class; nil when no attack plants a trigger.
    private func attackSuccess(_ heartbeat: () throws -> Void) throws -> Double? {
        guard let attack = job.attack?.trigger else { return nil }
        let test = job.data.test
        let samples = testSamples.filter { Int(test.label(Int($0))) != attack.target }
        guard !samples.isEmpty else { return nil }
        let weights = global
        let (size, height, width) = (test.shape.count, test.shape.height, test.shape.width)
        let evaluation = try evaluator.evaluate(
            weights.span, on: samples.span,
            prepare: { images, labels in
                for i in 0..<labels.count {
                    var image = images.part(i * size..<(i + 1) * size)
                    attack.stamp(&image, height: height, width: width)
                }
            }, heartbeat: heartbeat)
        let confusion = evaluation.confusion
        let hits = (0..<confusion.classes).reduce(0) { $0 + confusion.count(of: $1, takenFor: attack.target) }
        return Double(hits) / Double(samples.count)
    }

    /// Moves the federated weights by the strategy's step, between the server halves of the stages.
    private func step(_ weights: inout MutableSpan<Float>, along mean: inout MutableSpan<Float>, _ round: Int) {
        let round = aggregated(round)
        for i in stages.indices.reversed() { stages[i].onServer(&mean, weights: weights.span, in: round) }
        strategy.apply(mean.span, to: &weights, in: round)
        for i in stages.indices.reversed() { stages[i].afterStrategy(&weights, in: round) }
    }

    /// Evaluates the last finished round's weights, if it is one to evaluate, and publishes its record.
    private func evaluatePending(_ heartbeat: () throws -> Void) throws {
        guard var record = unevaluated else { return }
        if isToEvaluate(record), job.strategy.personalization != .parameters {
            timeline.enter(.evaluate)
            timeline.note(samples: job.data.test.count)
            let (weights, samples) = (global, testSamples)
            let evaluation = try evaluator.evaluate(weights.span, on: samples.span, heartbeat: heartbeat)
            // Weights that have diverged have no loss.
            record.serverLoss = evaluation.loss.isFinite ? evaluation.loss : nil
            record.serverAccuracy = evaluation.accuracy
            record.serverClassAccuracies = evaluation.confusion.classAccuracies
            record.attackSuccess = try attackSuccess(heartbeat)
        }
        unevaluated = nil
        complete = record
        progress.note(record)
        timeline.enter(.checkpoint)
        for observer in observers { try observer.roundFinished(record) }
        noteEnd()
        let isLast = record.round == job.settings.rounds || earlyEnd != nil
        for observer in observers {
            try observer.stateReached(round: record.round, isLast: isLast, state: { state })
        }
    }
}
