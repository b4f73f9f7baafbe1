import Datasets
import Devices
import FedCore
public import Records
import Runtime

/// A client's turn in a round, as its device would have it: simulated conditions, training within the deadline, and
/// what it reports. One on each rank, for all its clients, one after the other.
///
/// ```
/// download │ delay │ training, batch by batch │ upload
///          work arrives                  ≤ deadline        ≤ hard limit
/// ```
///
/// The clock is looked at between batches. In virtual time (``DeviceSimulation/isVirtual``) it is computed from the
/// samples that the client has seen, so that who is late depends on the seed alone; otherwise it is the wall clock
/// since this rank got its work (``startRound()``).
final class Device {
    private let job: Job
    private let settings: RunSettings
    /// What is simulated: nothing, unless the settings ask for it.
    private let simulation: DeviceSimulation
    /// Trains models; nothing in it is left of the client before.
    private let trainer: ClientTrainer
    /// Tests models on samples that clients hold out; nil unless they do.
    private let evaluator: ClientEvaluator?
    /// The clients' side of secure aggregation; nil without it.
    let secure: SecureClients?
    /// Floats that a client sends, without its state.
    private let updateFloats: Int
    private let timeline: Timeline
    /// What frames tell of the round. Set before any of its work, which is encoded as they say.
    var terms = RoundTerms() {
        didSet {
            job.compression?.level.value = terms.codecLevel
            trainer.clip = terms.clip
        }
    }
    /// When this rank got its work, on the wall clock.
    private var workArrived = ContinuousClock.now

    /// Compiles the model for training, and for evaluation if clients test.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ timeline: Timeline) throws {
        self.timeline = timeline
        self.job = job
        settings = job.settings
        simulation = job.settings.simulation
        trainer = try ClientTrainer(job, timeline)
        evaluator = job.clientTest.sampleCount > 0 ? try ClientEvaluator(job, timeline) : nil
        secure = SecureClients(job, timeline)
        updateFloats = job.vectors.up
    }

    /// Starts the wall clock of the deadline; called when a rank gets its work.
    func startRound() {
        workArrived = .now
    }

    /// Does one client's turn of training.
    ///
    /// The client may be dropped (it does not answer), late (nothing by the deadline, or `--late-policy drop`), partial
    /// (what it had by then) or complete. One that goes away and keeps its update trains to its end. In virtual time a
    /// client whose upload would end past the hard limit is late, too.
    ///
    /// - Parameters:
    ///   - client: number of the client.
    ///   - round: number and attempt; with the client they address its random numbers.
    ///   - down: the global weights, and what the strategy sends beside them, `[job.vectors.down]`.
    ///   - slot: ends with the client's state; receives what it sends, zeros when there is no update, and its new
    ///     state, `[job.vectors.slot]`.
    ///   - progress: called after each step with the samples it saw.
    ///   - pause: waits so long, answering others meanwhile; for delays that are slept through.
    /// - Returns: status, samples, steps, loss and simulated seconds.
    /// - Throws: what `progress` and `pause` throw; errors of oneDNN.
    func run(
        client: Int, round: RoundID, down: Span<Float>, slot: inout MutableSpan<Float>,
        progress: (Int) throws -> Void, pause: (Duration) throws -> Void
    ) throws -> LocalResult {
        let conditions = job.conditions(ofClient: client, round, terms)
        if conditions.isDropped {
            return nothing(.dropped, simulatedSeconds: settings.simulatedWait, &slot)
        }
        if simulation.isReal, conditions.delay > 0 {
            timeline.enter(.train, client: client)
            try pause(.seconds(conditions.delay))
        }

        let started = ContinuousClock.now
        var seen = 0
        // The deadline is when to send, and this one cannot.
        let isOffline = terms.offline.contains(client)
        func isOver() -> Bool {
            guard !isOffline, let deadline = settings.roundDeadline else { return false }
            return
                (simulation.isVirtual ? conditions.seconds(samples: seen) : (ContinuousClock.now - workArrived).seconds)
                >= deadline
        }
        var result: LocalResult
        if isOver() {
            result = LocalResult()
            result.status = .partial
        } else {
            result = try trainer.train(
                client: client, samples: job.partition.samples(of: client), round: round, down: down, slot: &slot
            ) { samples in
                seen += samples
                try progress(samples)
                if simulation.isReal, conditions.secondsPerSample > 0 {
                    let due = started + .seconds(Double(seen) * conditions.secondsPerSample)
                    try pause(due - .now)
                }
                return !isOver()
            }
        }

        // A loss would be an answer without noise.
        if job.privacy?.account.isByClient == true { result.loss = 0 }
        if isOffline {
            // To the server it is one that does not answer.
            (result.status, result.simulatedSeconds) = (.held, settings.simulatedWait)
            return result
        }
        var simulatedSeconds = 0.0
        if simulation.isVirtual {
            // One that is not done sends at the deadline; it may have begun its last batch before.
            let ready = conditions.seconds(samples: seen)
            let deadline = settings.roundDeadline ?? .infinity
            simulatedSeconds = (seen == 0 ? min(ready, deadline) : ready) + conditions.upload
            result.secondsPerByte = job.secondsPerByte(conditions)
            if simulatedSeconds > settings.hardLimit, settings.roundDeadline != nil {
                return nothing(.late, simulatedSeconds: settings.hardLimit, &slot)
            }
        }
        if result.status == .partial, result.samples == 0 || settings.latePolicy == .drop {
            return nothing(.late, simulatedSeconds: simulatedSeconds, &slot)
        }
        result.simulatedSeconds = simulatedSeconds
        return result
    }

    /// Tests the client's models on the samples that it holds out.
    ///
    /// - Parameters:
    ///   - client: number of the client.
    ///   - down: the global weights, `[job.vectors.down]`.
    ///   - state: the client's state; empty when it has no model of its own.
    ///   - slot: receives an `EvaluationVector`.
    ///   - heartbeat: called after each batch.
    /// - Returns: the number of samples held out; no loss, which is in the slot.
    func evaluate(
        client: Int, down: Span<Float>, state: Span<Float>, slot: inout MutableSpan<Float>,
        heartbeat: () throws -> Void
    ) throws -> LocalResult {
        guard let evaluator else { preconditionFailure("nothing is held out") }
        try evaluator.evaluate(client, down: down, state: state, slot: &slot, heartbeat: heartbeat)
        return LocalResult(samples: job.clientTest.count(of: client))
    }

    /// The report of a client without an update.
    /// - Parameters:
    ///   - status: late or dropped.
    ///   - simulatedSeconds: until when the server waited for it; 0 when no time is simulated.
    ///   - slot: its place in the message is filled with zeros, which nothing adds up.
    private func nothing(
        _ status: UpdateStatus, simulatedSeconds: Double, _ slot: inout MutableSpan<Float>
    ) -> LocalResult {
        for i in 0..<updateFloats { slot[unchecked: i] = 0 }
        var result = LocalResult()
        result.status = status
        result.simulatedSeconds = simulatedSeconds
        return result
    }
}

extension RunSettings {
    /// Seconds until the server waits no longer for a client: the deadline plus the time-out of a silent rank.
    public var hardLimit: Double { (roundDeadline ?? 0) + failureTimeout }

    /// Simulated seconds that the server waits for a client that does not answer; 0 when no time is simulated.
    var simulatedWait: Double { simulation.isVirtual ? hardLimit : 0 }
}
