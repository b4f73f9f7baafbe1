import Datasets
import Devices
import FedCore
import Records
import Runtime

/// The asynchronous server as the round loop sees it: a "round" is what leads to one step, and its tally is the buffer.
///
/// Clients start whenever there is room, from the weights of that moment; every `bufferSize` updates make a step. With
/// FedBuff this is Algorithm 1 of J. Nguyen et al., *Federated Learning with Buffered Asynchronous Aggregation*,
/// AISTATS 2022, arXiv:2106.06639; with a buffer of one, C. Xie et al., *Asynchronous Federated Optimization*,
/// arXiv:1903.03934.
///
/// ```
/// virtual time  ──────────────────────────────►
/// client 4      ├─ version 0 ────┤              its update is used in the step from version 1: staleness 1
/// client 7      ├─ version 0 ─┤├─ version 1 ──┤
/// steps                       1             2   (a buffer of one)
/// ```
///
/// In virtual time the schedule says whose update is next, and the workers are asked for it: ranks train ahead of the
/// virtual clock, and no bit depends on when they are done. With `--real-delays` updates are used as they come, and
/// runs differ from each other.
final class AsynchronousExchange: Exchange {
    private let job: Job
    private let strategy: any AsynchronousStrategy
    /// Those who train: this process or the client ranks.
    private let workers: any AsynchronousWorkers
    private let timeline: Timeline
    /// Whether updates count in the order of real time.
    private let isReal: Bool
    /// The source of clients to start, shared with the round loop.
    private let cohorts: CohortSource

    /// Who is in flight, and the weights they started from, as of this moment.
    private var state: AsynchronousState
    /// The state after the last step, for checkpoints: nothing changes it before the next step.
    private var finished: AsynchronousState
    /// Whether the turns in flight of a resumed run have been handed to the workers.
    private var hasBegun = false
    /// Turns in a row that brought no update; the run ends when they are too many.
    private var fruitless = 0
    /// What has happened since the last step, for the report.
    private var current = AsynchronousStep()

    /// Starts with nobody in flight, or continues from a checkpoint, whose turns are trained again to the same bits.
    /// - Parameters:
    ///   - context: the job, and the state to continue from.
    ///   - strategy: the job's strategy.
    ///   - workers: those who train.
    /// - Throws: `ConfigurationError` when the saved state is not of such a run.
    init(
        _ context: ServerContext, _ strategy: any AsynchronousStrategy, _ workers: any AsynchronousWorkers
    ) throws(ConfigurationError) {
        (job, cohorts, timeline) = (context.job, context.cohorts, context.timeline)
        self.strategy = strategy
        self.workers = workers
        let settings = job.settings
        isReal = settings.realDelays
        self.state = try AsynchronousState(
            context.resuming?[PartName.inFlight] ?? [], version: context.resuming?.round ?? 0,
            seats: settings.cohortSize,
            clients: settings.clients, parameters: job.vectors.down)
        finished = self.state
    }

    var trainsElsewhere: Bool { workers.trainsElsewhere }
    var hasLostRanks: Bool { workers.hasLostRanks }
    /// What led to the last step; every start counts as a frame that went down.
    var report: ExchangeReport { current.report(frameBytes: job.downloadBytes) }
    /// The state after the last step, for a checkpoint.
    var serverState: [UInt8] { finished.bytes }

    /// Works towards one step: takes ends of turns until the buffer is full, and starts clients in the seats that
    /// become free.
    ///
    /// All ends that are due at one moment of virtual time are taken before anybody starts again; so FedBuff with a
    /// buffer of the cohort's size and equal devices is FedAvg to the bit.
    ///
    /// - Parameters:
    ///   - task: training, or the test of a model that this rank cannot run.
    ///   - round: the step, from 1; it is never a repetition.
    ///   - cohort: the clients drawn for the first seats that become free.
    ///   - down: the weights as they are; kept for as long as somebody in flight has started from
    ///     them.
    /// - Throws: ``TooFewUpdates`` when turn after turn brings nothing.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void, progressed: (Int) throws -> Void
    ) throws {
        guard task == .training else {
            return try workers.test(cohort, round: round, down: down.weights.span, into: tally)
        }
        let version = round.number - 1
        precondition(state.schedule.version == version, "a step is not a round that can be repeated")
        state.weights[version] = down.weights
        try workers.startStep(round.number)
        if !hasBegun { try begin(state.schedule.inFlight) }
        hasBegun = true
        current = AsynchronousStep()
        let lastStep = state.schedule.now
        let samples = job.trainedSamples(by: cohort)
        var isBesideDone = !workers.trainsElsewhere
        while tally.participants < strategy.bufferSize {
            if let (start, end) = try nextEnd(waits: false) {
                try use(end, of: start, round, into: tally)
                try progressed(samples * tally.participants / strategy.bufferSize)
                continue
            }
            try refill(cohort)
            if !isBesideDone {
                isBesideDone = true
                try besideTraining { try workers.heartbeat() }
            } else if isReal {
                if let (start, end) = try nextEnd(waits: true) {
                    try use(end, of: start, round, into: tally)
                }
            } else {
                state.schedule.advance()
            }
        }
        if !isBesideDone { try besideTraining { try workers.heartbeat() } }
        timeline.enter(.aggregate)
        if job.settings.simulation.isVirtual { current.seconds = state.schedule.now - lastStep }
        state.schedule.step()
        let versions = Set(state.schedule.inFlight.map(\.version))
        state.weights = state.weights.filter { versions.contains($0.key) }
        finished = state
    }

    // MARK: Turns

    /// Starts clients in the free seats. The step's first draw is the round loop's, further ones are made here.
    /// - Parameter cohort: the round loop's draw.
    private func refill(_ cohort: [Int]) throws {
        let starts = state.schedule.refill(
            from: { $0.attempt == 0 ? cohort : cohorts.draw($0) }, seed: job.settings.seed,
            duration: { isReal ? 0 : job.virtualSeconds(ofClient: $0, $1) })
        current.starts += starts.count
        try begin(starts)
    }

    /// Hands turns to the workers, with the weights of their versions.
    private func begin(_ starts: [AsynchronousStart]) throws {
        for start in starts {
            guard let weights = state.weights[start.version] else {
                preconditionFailure("the weights of version \(start.version) are gone")
            }
            try workers.begin(start, from: weights)
        }
    }

    /// Takes the end of the next turn: in virtual time of one that is due, in real time of one that has come.
    /// - Parameter waits: in real time, whether to wait for one.
    /// - Returns: nil when there is none yet.
    private func nextEnd(waits: Bool) throws -> (AsynchronousStart, TurnEnd)? {
        guard isReal else {
            return try state.schedule.takeDue().map { ($0, try workers.finish($0)) }
        }
        guard let (client, end) = try workers.nextEnd(waits: waits) else { return nil }
        guard let start = state.schedule.take(client) else { preconditionFailure("client \(client) was not in flight") }
        return (start, end)
    }

    /// Puts what came of a turn into the buffer: weighed by its staleness, or counted as late when it is staler than
    /// the strategy accepts.
    /// - Parameters:
    ///   - end: what came of it.
    ///   - start: the turn.
    ///   - round: the step that is worked towards.
    ///   - tally: the buffer.
    /// - Throws: ``TooFewUpdates`` after `--round-retries` + 1 times as many fruitless turns as there are seats.
    private func use(
        _ end: TurnEnd, of start: AsynchronousStart, _ round: RoundID, into tally: any AnswerReceiver
    ) throws {
        current.end(start.client)
        timeline.enter(.aggregate, client: start.client)
        let before = tally.participants
        let staleness = state.schedule.version - start.version
        // A strategy without rounds keeps nothing for its clients.
        let kept: [Float] = []
        switch end {
        case .lost: tally.drop(1)
        case .update(.failure(let defect), let slot, let bytes):
            tally.receive(start.client, .failure(defect), slot.span, state: kept.span, bytes: bytes)
        case .update(.success(var envelope), var slot, let bytes):
            if envelope.result.status.hasUpdate {
                if staleness > strategy.largestStaleness ?? .max {
                    envelope.result.status = .late
                } else {
                    weigh(&slot, of: start, staleness: staleness)
                }
            }
            tally.receive(start.client, .success(envelope), slot.span, state: kept.span, bytes: bytes)
        }
        if tally.participants > before {
            current.staleness.append(staleness)
            fruitless = 0
        } else {
            fruitless += 1
        }
        let attempts = job.settings.roundRetries + 1
        guard fruitless < attempts * state.schedule.seats, start.attempt + 1 < RoundID.largestAttempt else {
            throw TooFewUpdates(
                round: round.number, updates: tally.participants, needed: strategy.bufferSize, attempts: attempts)
        }
    }

    /// Turns a client's change into its contribution to the step, in place. O(parameters).
    ///
    /// For a strategy that mixes models it is the way from the current weights to the client's model, w_τ + Δ − w_t;
    /// otherwise the change Δ itself. Both are scaled by s(t − τ).
    /// - Parameters:
    ///   - slot: the client's change of the weights.
    ///   - start: the turn, whose version's weights are kept.
    ///   - staleness: steps since the turn's version, t − τ ≥ 0.
    private func weigh(_ slot: inout [Float], of start: AsynchronousStart, staleness: Int) {
        let (then, now) = (state.weights[start.version] ?? [], state.weights[state.schedule.version] ?? [])
        precondition(then.count == slot.count && now.count == slot.count)
        var update = slot.mutableSpan
        if strategy.contribution == .model, staleness > 0 {
            for i in 0..<update.count { update[unchecked: i] = then[i] + update[unchecked: i] - now[i] }
        } else if staleness > 0 {
            // Changes of a variance since long ago would add up to a negative one; a client's own variance does not.
            for range in job.vectors.statistics { for i in range { update[i] = then[i] + update[i] - now[i] } }
        }
        let weight = strategy.stalenessWeight(staleness)
        if weight != 1 { update.scale(by: Float(weight)) }
    }

    // MARK: Beside the turns

    func heartbeat() throws { try workers.heartbeat() }

    func stop() throws { try workers.stop() }

    func dismiss() throws { try workers.dismiss() }
}
