import FedCore
import NeuralNet
import Records

/// Makes of a client's trained model what it sends and what it keeps: the strategy's client half, between those of the stages.
///
/// A place in a message, the *slot*, is what is sent, followed by the client's state.
final class UpdateWriter {
    private let job: Job
    private var stages: [any UpdateStage]
    /// In the canonical order; empty unless clients keep parameters of their own.
    private let initial: [Float]

    init(_ job: Job) {
        self.job = job
        stages = job.stages
        initial = job.strategy.personalization == .none ? [] : job.model.initialWeights(seed: job.settings.seed)
    }

    /// Writes what the client sends, and its state, of a model that is federated as a whole.
    /// - Parameters:
    ///   - plan: with the trained weights.
    ///   - global: weights that the client started from.
    ///   - broadcast: what went down beside them.
    ///   - gradient: over all of the client's data at the global weights, if the strategy wants it.
    func write(
        _ plan: Plan, global: Span<Float>, broadcast: Span<Float>, gradient: Span<Float>, _ work: FinishedWork,
        in turn: ClientTurn, into slot: inout MutableSpan<Float>
    ) throws {
        let vectors = job.vectors
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

    /// Writes the change of the federated parameters, and the client's own parameters, of a model that has both.
    /// - Parameter start: the client's model before it trained.
    func write(
        _ plan: Plan, from start: Span<Float>, in turn: ClientTurn, into slot: inout MutableSpan<Float>
    ) throws {
        var change = [Float](repeating: 0, count: job.model.parameterCount)
        var span = change.mutableSpan
        try plan.store(into: &span)
        for i in 0..<span.count { span[unchecked: i] -= start[unchecked: i] }
        slot.split(at: job.vectors.up) { message, state in
            var update = message.part(0..<job.vectors.sharedCount)
            job.vectors.extractShared(span.span, into: &update)
            for i in stages.indices { stages[i].beforeStrategy(&update, in: turn) }
            finish(&message, &state, in: turn)
        }
        try writeOwn(plan, into: &slot)
    }

    /// Writes the client's own parameters into its state.
    func writeOwn(_ plan: Plan, into slot: inout MutableSpan<Float>) throws {
        var weights = [Float](repeating: 0, count: job.model.parameterCount)
        var span = weights.mutableSpan
        try plan.store(into: &span)
        let initial = self.initial
        var state = slot.part(job.vectors.up...)
        job.vectors.extractOwn(span.span, initial: initial.span, into: &state)
    }

    /// A client's own model: its own parameters, from its state, and the global weights of the others.
    func ownModel(shared: Span<Float>, slot: Span<Float>) -> [Float] {
        job.vectors.ownModel(initial: initial, shared: shared, state: slot.extracting(job.vectors.up...))
    }

    private func finish(
        _ message: inout MutableSpan<Float>, _ state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {
        for i in stages.indices {
            var kept = state.part(job.vectors.stageStates[i])
            stages[i].onClient(&message, state: &kept, in: turn)
        }
    }
}
