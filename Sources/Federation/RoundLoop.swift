import FedCore

/// The server, rank 0: selects, sends down, collects, averages, evaluates, tells the observers.
///
/// Alone, without other ranks, it trains the clients itself and gets the same weights.
final class RoundLoop {
    private let ranks: Int
    private let exchange: any Exchange
    private let job: Job
    private let observers: [any RoundObserver]
    private let evaluator: Evaluator
    private let selection: ClientSelection
    private let updateBytes: Int
    private let frameBytes: Int

    private var strategy: any Strategy
    private var global: [Float]
    private var sum: ExactSum
    private var totals = (upload: 0, download: 0)
    private var records: [RoundRecord] = []
    /// The finished round whose evaluation runs beside the next round's training, if other ranks train.
    private var unevaluated: RoundRecord?

    private let stop: StopFlag
    private let dataDigest: UInt64
    private let finishedRounds: Int
    private let earlierSeconds: Double
    private var start = ContinuousClock.now

    /// - Parameters:
    ///   - ranks: of the job, rank 0 included.
    ///   - state: to continue from; it has been validated for the job.
    init(
        _ job: Job, _ exchange: any Exchange, ranks: Int, resuming state: RunState?, stop: StopFlag,
        observers: [any RoundObserver]
    ) throws {
        self.exchange = exchange
        self.ranks = ranks
        self.observers = observers
        self.job = job
        self.stop = stop
        strategy = job.strategy
        let settings = job.settings
        if let state {
            try strategy.restoreServerState(state.strategyState)
            records = state.isEvaluated ? state.records : Array(state.records.dropLast())
            unevaluated = state.isEvaluated ? nil : state.records.last
            let last = state.records.last
            totals = (last?.totalUploadBytes ?? 0, last?.totalDownloadBytes ?? 0)
        }
        dataDigest = state?.dataDigest ?? job.dataDigest
        finishedRounds = state?.round ?? 0
        earlierSeconds = state?.seconds ?? 0
        evaluator = try Evaluator(job.model, job.data.test, threads: settings.threads)
        selection = ClientSelection(
            clients: settings.clients, cohortSize: settings.cohortSize, seed: settings.seed)
        global = state?.weights ?? job.model.initialWeights(seed: settings.seed)
        sum = ExactSum(count: global.count)
        updateBytes = UpdateSlot.byteCount(parameterCount: global.count)
        frameBytes = RoundFrame.byteCount(cohortCapacity: settings.cohortSize, parameterCount: global.count)
    }

    var hasLostRanks: Bool { exchange.hasLostRanks }

    /// - Parameter hosts: of each rank.
    func run(hosts: [String]) throws {
        let description = RunDescription(
            settings: job.settings, model: job.model, trainingSamples: job.data.train.count,
            testSamples: job.data.test.count, ranks: ranks, hosts: hosts,
            finishedRounds: finishedRounds)
        for observer in observers { try observer.runStarted(description) }
        start = .now
        do {
            // Of a run that was stopped within its evaluation.
            if !exchange.trainsElsewhere { try evaluatePending {} }
            for round in finishedRounds..<job.settings.rounds { try run(round: round + 1) }
            try exchange.stop()
            try evaluatePending {}
        } catch {
            let cause = (error as? Interruption).map { RunStop.Cause.interruption($0) } ?? .failure("\(error)")
            let stop = RunStop(cause: cause, state: state)
            for observer in observers { observer.runStopped(stop) }
            throw error
        }
        let summary = RunSummary(rounds: records, seconds: seconds)
        let weights = global
        for observer in observers { try observer.runFinished(summary, weights: weights.span) }
    }

    private var seconds: Double { earlierSeconds + (ContinuousClock.now - start).seconds }

    /// After the last finished round: nothing that a round changes changes before its end.
    private var state: RunState {
        RunState(
            settings: job.settings, records: records + (unevaluated.map { [$0] } ?? []),
            isEvaluated: unevaluated == nil, weights: global, strategyState: strategy.serverState,
            dataDigest: dataDigest, seconds: seconds)
    }

    private func run(round: Int) throws {
        try stop.check()
        let start = ContinuousClock.now
        let cohort = selection.cohort(round: round)
        let samples = cohort.reduce(0) { $0 + job.partition.count(of: $1) }
        let expected = Double(max(samples * job.settings.epochs, 1))
        let watchers = observers.filter(\.wantsProgress)

        var record = RoundRecord(round: round, cohort: cohort.count)
        var losses: [(client: Int, samples: Int, loss: Double)] = []
        sum.reset()
        let weights = global
        try exchange.run(
            round: round, cohort: cohort, global: weights.span,
            besideTraining: { heartbeat in try evaluatePending(heartbeat) },
            progressed: { trained in
                for watcher in watchers { watcher.progressed(round: round, fraction: Double(trained) / expected) }
            },
            receive: { client, envelope, change in
                do {
                    let envelope = try envelope.get()
                    try envelope.checkResult(samplesHeld: job.partition.count(of: client))
                    let result = envelope.result
                    try sum.add(change, weight: Double(result.samples))
                    losses.append((client, result.samples, result.loss))
                } catch let error as UpdateSlot.Defect {
                    reject(client, in: &record, because: error.description)
                } catch let error as ExactSum.Refusal {
                    reject(client, in: &record, because: error.description)
                }
            })
        if sum.weight > 0 { global = moved(weights) }

        record.finish(
            losses: losses, epochs: job.settings.epochs, seconds: (ContinuousClock.now - start).seconds)
        record.uploadBytes = (record.participants + record.rejected) * updateBytes
        record.downloadBytes = cohort.count * frameBytes
        totals.upload += record.uploadBytes
        totals.download += record.downloadBytes
        record.totalUploadBytes = totals.upload
        record.totalDownloadBytes = totals.download
        unevaluated = record
        if !exchange.trainsElsewhere { try evaluatePending {} }
    }

    /// The weights after the strategy's step along the mean update.
    private func moved(_ weights: consuming [Float]) -> [Float] {
        var mean = [Float](repeating: 0, count: weights.count)
        var meanSpan = mean.mutableSpan
        sum.mean(into: &meanSpan)
        var span = weights.mutableSpan
        strategy.apply(mean.span, to: &span)
        return weights
    }

    private func reject(_ client: Int, in record: inout RoundRecord, because reason: String) {
        record.rejected += 1
        for observer in observers { observer.updateRejected(round: record.round, client: client, reason: reason) }
    }

    /// Evaluates the last finished round's weights, if it is one to evaluate, and publishes its record.
    private func evaluatePending(_ heartbeat: () throws -> Void) throws {
        guard var record = unevaluated else { return }
        if record.round % job.settings.evalEvery == 0 || record.round == job.settings.rounds {
            let weights = global
            let evaluation = try evaluator.evaluate(weights.span, heartbeat: heartbeat)
            record.serverLoss = evaluation.loss
            record.serverAccuracy = evaluation.accuracy
        }
        unevaluated = nil
        records.append(record)
        for observer in observers { try observer.roundFinished(record) }
        for observer in observers { try observer.stateReached(round: record.round, state: { state }) }
    }
}

extension RoundRecord {
    init(round: Int, cohort: Int) {
        self.init(
            round: round, cohort: cohort, participants: 0, rejected: 0, samples: 0, trainLoss: nil, serverLoss: nil,
            serverAccuracy: nil, uploadBytes: 0, totalUploadBytes: 0, downloadBytes: 0, totalDownloadBytes: 0,
            seconds: 0, samplesPerSecond: 0)
    }

    /// The clients' part of the record. Sums in the order of clients, so that placement does not show in the loss.
    mutating func finish(losses: [(client: Int, samples: Int, loss: Double)], epochs: Int, seconds: Double) {
        let ordered = losses.sorted { $0.client < $1.client }
        participants = ordered.count
        samples = ordered.reduce(0) { $0 + $1.samples }
        trainLoss =
            samples > 0
            ? ordered.reduce(0.0) { $0 + Double($1.samples) * $1.loss } / Double(samples) : nil
        self.seconds = seconds
        samplesPerSecond = Double(samples * epochs) / seconds
    }
}

extension Duration {
    /// As a floating-point number of seconds.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
