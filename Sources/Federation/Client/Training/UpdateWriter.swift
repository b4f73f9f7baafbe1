import FedCore
import NeuralNet
import Records

/// Turns a client's trained model into what it sends and what it keeps: the strategy's client half (`finish`), between
/// the client halves of the stages.
///
/// A place in a message, the *slot*, is what is sent, `[vectors.up]`, followed by the client's state,
/// `[vectors.state]`. Everything is written in place, into memory that the wire lends.
final class UpdateWriter {
    private let job: Job
    /// Where things lie in a slot.
    private let vectors: JobVectors
    /// This rank's copies of the stages; they remember nothing from one client to the next.
    private var stages: [any UpdateStage]
    /// What clients add to their updates; nil where they add nothing.
    private let noise: ClientNoise?
    /// Initial weights in the canonical order, to which own parameters are relative; empty unless clients keep some.
    private let initial: [Float]

    /// Takes what it needs of the job.
    /// - Parameter vectors: lengths of what crosses, of the model that is trained.
    /// - Throws: `ConfigurationError` when there is no key of the noise.
    init(_ job: Job, _ vectors: JobVectors) throws(ConfigurationError) {
        self.job = job
        noise = try ClientNoise(job)
        self.vectors = vectors
        stages = job.stages
        initial = job.strategy.personalization == .none ? [] : job.model.initialWeights(seed: job.settings.seed)
    }

    /// Writes what the client sends, and its state, for a model that is federated as a whole.
    ///
    /// A client that has taken no step (too late) sends zeros and keeps its state: the strategy's `finish` is not
    /// called.
    ///
    /// - Parameters:
    ///   - plan: holds the trained weights.
    ///   - global: weights that the client started from, `[sharedCount]`.
    ///   - broadcast: what went down beside them.
    ///   - gradient: mean gradient over all of the client's data at the global weights; empty unless the strategy wants
    ///     it.
    ///   - work: steps, learning rate and momentum of the training.
    ///   - turn: client and round.
    ///   - slot: `[vectors.slot]`.
    /// - Complexity: O(parameters), and what strategy and stages do.
    func write(
        _ plan: Plan, global: Span<Float>, broadcast: Span<Float>, gradient: Span<Float>, _ work: FinishedWork,
        in turn: ClientTurn, into slot: inout MutableSpan<Float>
    ) throws {
        try slot.split(at: vectors.up) { message, state in
            try message.split(at: vectors.sharedCount) { update, rest in
                try plan.store(into: &update)
                for i in 0..<update.count { update[unchecked: i] -= global[unchecked: i] }
                for i in stages.indices { stages[i].beforeStrategy(&update, in: turn) }
                var extra = rest.part(0..<job.strategy.traffic.extraCount(parameters: update.count))
                for i in 0..<extra.count { extra[unchecked: i] = 0 }
                guard work.steps > 0 else { return }
                var kept = state.part(0..<vectors.strategyState)
                job.strategy.finish(
                    &update, extra: &extra, state: &kept, broadcast: broadcast, gradient: gradient, work: work)
            }
            vectors.moveExponent(in: &message)
            finish(&message, &state, in: turn)
        }
    }

    /// Writes the change of the federated parameters, and the client's own parameters, for a model that has both.
    /// - Parameters:
    ///   - plan: holds the trained weights.
    ///   - start: the client's model before it trained, `[parameters]`.
    ///   - turn: client and round.
    ///   - slot: `[vectors.slot]`.
    func write(
        _ plan: Plan, from start: Span<Float>, in turn: ClientTurn, into slot: inout MutableSpan<Float>
    ) throws {
        var change = [Float](repeating: 0, count: job.model.parameterCount)
        var span = change.mutableSpan
        try plan.store(into: &span)
        for i in 0..<span.count { span[unchecked: i] -= start[unchecked: i] }
        slot.split(at: vectors.up) { message, state in
            var update = message.part(0..<vectors.sharedCount)
            vectors.extractShared(span.span, into: &update)
            for i in stages.indices { stages[i].beforeStrategy(&update, in: turn) }
            finish(&message, &state, in: turn)
        }
        try writeOwn(plan, into: &slot)
    }

    /// Writes the client's own parameters into its state, as differences from the initial weights: so a state of zeros,
    /// which every client begins with, is a model of initial weights.
    func writeOwn(_ plan: Plan, into slot: inout MutableSpan<Float>) throws {
        var weights = [Float](repeating: 0, count: job.model.parameterCount)
        var span = weights.mutableSpan
        try plan.store(into: &span)
        let initial = self.initial
        var state = slot.part(vectors.up...)
        vectors.extractOwn(span.span, initial: initial.span, into: &state)
    }

    /// A client's own model: its own parameters, from the state in `slot`, and the federated weights for the others.
    /// - Parameters:
    ///   - shared: federated weights, `[sharedCount]`.
    ///   - slot: `[vectors.slot]`; only its state is read.
    /// - Returns: flat weights, `[parameters]`.
    func ownModel(shared: Span<Float>, slot: Span<Float>) -> [Float] {
        vectors.ownModel(initial: initial, shared: shared, state: slot.extracting(vectors.up...))
    }

    /// Runs the stages' client halves on the message, each with its part of the client's state.
    private func finish(
        _ message: inout MutableSpan<Float>, _ state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        for i in stages.indices {
            var kept = state.part(vectors.stageStates[i])
            stages[i].onClient(&message, state: &kept, in: turn)
        }
        noise?.add(to: &message, in: turn)
        job.canaries?.sent(message.span, in: turn)
    }
}
