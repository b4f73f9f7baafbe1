import Aggregation
import Datasets
import FedCore
import NeuralNet
import Records
import Runtime
import Selection

/// The global model at the server: its weights, what of it goes down, and how a round's updates move it.
///
/// A round's step runs through all seams in one order: aggregation (which update?), server halves of the stages in
/// reverse order, the strategy's step (how far?), and the stages again. With FedAvg and the mean it is wₜ₊₁ = wₜ + Σ
/// nₖΔₖ / Σ nₖ. Everything is deterministic: equal tallies give equal bits.
///
/// It owns the parts that remember something between rounds; a run's state keeps them by name (``parts``). Memory:
/// the weights, and once more what goes down, where that is more or less than they are.
final class ServerModel {
    private let job: Job
    private var strategy: any Strategy
    private var rule: any RobustAggregation
    private var stages: [any UpdateStage]
    /// Noise, clip and cost of differential privacy; nil without.
    private var privacy: ServerPrivacy?
    /// What clients have spent with DP-SGD; nil without.
    private var sampleMeter: SampleMeter?
    /// Trains the server's own update; nil unless the aggregation trusts one.
    private let root: RootTrainer?
    /// Global weights, in the canonical order of PyTorch's `state_dict`, `[parameters]`.
    private(set) var weights: [Float]
    /// What goes down, `[job.vectors.down]`: the federated weights and what the strategy sends beside them; empty until it
    /// is asked for, and for good where it is nothing but the weights.
    private var down: [Float] = []

    /// Starts from the seed's initial weights, or from a saved state.
    /// - Parameter state: the state to continue from, validated for the job; nil at the beginning.
    /// - Throws: `ConfigurationError` when a part refuses what was saved of it.
    init(_ job: Job, resuming state: RunState?, _ timeline: Timeline) throws {
        self.job = job
        strategy = job.strategy
        rule = job.aggregation
        stages = job.stages
        if let terms = job.privacy { privacy = ServerPrivacy(terms, job.settings, try job.requiredNoiseKey()) }
        sampleMeter = job.samplePrivacy.map {
            SampleMeter($0, delta: job.settings.delta, sizes: job.federation.samples)
        }
        if let state {
            try strategy.restoreServerState(state[PartName.strategy])
            try rule.restoreServerState(state[PartName.aggregation])
            for i in stages.indices {
                try stages[i].restoreServerState(state[PartName.stage(type(of: stages[i]).name)])
            }
            try privacy?.restoreServerState(state[PartName.privacy])
            try sampleMeter?.restoreServerState(state[PartName.privacy])
        }
        root = job.root.isEmpty ? nil : try RootTrainer(job, timeline)
        weights = state?.weights ?? job.model.initialWeights(seed: job.settings.seed)
    }

    /// The parts that may remember something, by the names under which a run's state keeps them.
    var parts: [(name: String, part: any StatefulPart)] {
        [(PartName.strategy, strategy), (PartName.aggregation, rule)]
            + stages.map { (PartName.stage(type(of: $0).name), $0) } + (meter.map { [(PartName.privacy, $0)] } ?? [])
    }

    /// What counts the cost of differential privacy; nil without.
    private var meter: (any StatefulPart & Measuring)? { privacy ?? sampleMeter }

    /// What each client has spent by itself, ascending; empty where the promise is one for the whole run.
    func clientEpsilons() throws(ConfigurationError) -> [ClientEpsilon] {
        var epsilons: [Int: Double] = [:]
        if let sampleMeter {
            epsilons = try sampleMeter.epsilons()
        } else if let privacy {
            epsilons = try privacy.clientEpsilons()
        }
        return epsilons.sorted { $0.key < $1.key }.map { ClientEpsilon(client: $0.key, epsilon: $0.value) }
    }

    /// The norm that the next round's updates are clipped to, where it adapts.
    var adaptedClip: Float? {
        job.privacy?.account.adaptive == nil ? nil : privacy.map { Float($0.clip) }
    }

    /// What the parts have measured in the last step, by the names of their metrics.
    var measurements: [String: Double] {
        let parts: [any Measuring] = [strategy, rule] + (meter.map { [$0] } ?? []) + stages
        return parts.reduce(into: [:]) { $0.merge($1.measurements, uniquingKeysWith: { $1 }) }
    }

    /// Updates that a round needs: `--min-clients`, or more if the aggregation promises nothing with fewer.
    var minimumUpdates: Int {
        // With differential privacy the server must not tell by a repetition that nobody came.
        job.privacy != nil
            ? 0 : max(job.settings.minClients, job.keepsUpdates && job.edges == nil ? rule.minimumUpdates : 0)
    }

    /// Collects what goes down next.
    /// - Returns: the federated weights, then what the strategy sends beside them: `[job.vectors.down]`.
    /// - Complexity: O(1) where these are just the weights, which the next step copies while the caller keeps them;
    ///   otherwise O(down), and a copy at the next call while the caller keeps the array.
    func prepareDown() -> [Float] {
        if job.vectors.personal.isEmpty, job.vectors.down == weights.count { return weights }
        var down = down.isEmpty ? [Float](repeating: 0, count: job.vectors.down) : down
        self.down = []  // or the first write would copy it
        var span = down.mutableSpan
        var shared = span.part(0..<job.vectors.sharedCount)
        job.vectors.extractShared(weights.span, into: &shared)
        var broadcast = span.part(job.vectors.sharedCount...)
        strategy.write(&broadcast)
        self.down = down
        return down
    }

    /// Trains the server's own update for the round, if the aggregation trusts one; otherwise does nothing.
    func trainRoot(_ round: RoundID, _ down: Span<Float>, _ heartbeat: () throws -> Void) throws {
        try root?.train(round: round, down: down, heartbeat: heartbeat)
    }

    /// Moves the global weights along the round's aggregated update; leaves them as they are when no update came of it.
    ///
    /// Parameters that stay with the clients are cut out before the step and never change here.
    /// - Parameters:
    ///   - id: the round, and the attempt at it that came to enough updates.
    ///   - tally: the round's updates.
    ///   - asked: the clients that were asked, in all attempts.
    func step(_ id: RoundID, along tally: RoundTally, asked: [Int]) throws(ConfigurationError) {
        let round = id.number
        try sampleMeter?.endRound(asked: asked)
        try privacy?.count(round, asked: asked)
        var weights = weights
        self.weights = []  // or writing would copy them
        if privacy != nil {
            tally.aggregatePrivately(
                dividedBy: privacy?.divisor ?? 1, addNoise: { privacy?.addNoise(to: &$0, id) },
                { mean in
                    privacy?.learn(mean.span)
                    var update = mean.part(0..<job.vectors.sharedCount)
                    var weightSpan = weights.mutableSpan
                    step(&weightSpan, along: &update, aggregated(round, tally))
                })
            self.weights = weights
            return
        }
        let trusted = root?.update ?? []
        tally.aggregate(by: &rule, trusting: trusted.span, under: job.attack, by: job.attackers) { mean in
            var weightSpan = weights.mutableSpan
            let round = aggregated(round, tally)
            if job.vectors.personal.isEmpty {
                step(&weightSpan, along: &mean, round)
            } else {
                var shared = [Float](repeating: 0, count: job.vectors.sharedCount)
                var sharedSpan = shared.mutableSpan
                job.vectors.extractShared(weightSpan.span, into: &sharedSpan)
                step(&sharedSpan, along: &mean, round)
                job.vectors.insertShared(sharedSpan.span, into: &weightSpan)
            }
        }
        self.weights = weights
    }

    /// Moves the federated weights: the mean over those that have an element, where clients train parts of the model;
    /// stages' server halves on the update, the strategy's step, stages' halves on the weights.
    private func step(
        _ weights: inout MutableSpan<Float>, along mean: inout MutableSpan<Float>, _ round: AggregatedRound
    ) {
        job.submodels?.divide(&mean, in: round) { job.terms.weight($0) }
        for i in stages.indices.reversed() { stages[i].onServer(&mean, weights: weights.span, in: round) }
        strategy.apply(mean.span, to: &weights, in: round)
        for i in stages.indices.reversed() { stages[i].afterStrategy(&weights, in: round) }
    }

    /// The round as strategies and stages see it. Participants are in the order of their numbers, not of arrival.
    private func aggregated(_ round: Int, _ tally: RoundTally) -> AggregatedRound {
        let participants = (tally.earlier + tally.results).sorted { $0.client < $1.client }.map {
            AggregatedRound.Participant(client: $0.client, samples: $0.result.samples, steps: $0.result.steps)
        }
        return AggregatedRound(
            number: round, participants: participants, samples: tally.totals?.samples,
            federationSamples: job.partition.sampleCount,
            learningRate: Double(job.learningRate(round: round)), momentum: Double(job.localMomentum))
    }
}
