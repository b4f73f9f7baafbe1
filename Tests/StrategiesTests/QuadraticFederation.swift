import FedCore

/// A federation whose losses are quadratics, fᵢ(x) = ½ Σⱼ hᵢⱼ(xⱼ − aᵢⱼ)², so that every fixed point is known in closed form.
///
/// It plays the engine's part: calls the strategy's hooks in the order that their documentation gives.
struct QuadraticFederation {
    struct Client {
        var curvature: [Double]
        var optimum: [Double]
        var samples = 1
        var steps = 1
    }

    var clients: [Client]
    var learningRate = 0.1
    var momentum = 0.0

    /// x* of Σ pᵢfᵢ with pᵢ = nᵢ/Σn.
    var optimum: [Double] {
        clients[0].optimum.indices.map { j in
            let weights = clients.map { Double($0.samples) * $0.curvature[j] }
            let weighted = zip(weights, clients).map { $0 * $1.optimum[j] }
            return weighted.reduce(0, +) / weights.reduce(0, +)
        }
    }

    /// The global weights after so many rounds.
    func run<S: Strategy>(_ strategy: inout S, rounds: Int, from start: [Float]) throws -> [Float] {
        var global = start
        let count = start.count
        let traffic = strategy.traffic
        var states = [[Float]](
            repeating: [Float](repeating: 0, count: count * traffic.stateVectors), count: clients.count)
        for round in 1...rounds {
            var broadcast = [Float](repeating: 0, count: count * traffic.broadcastVectors)
            var broadcastSpan = broadcast.mutableSpan
            strategy.write(&broadcastSpan)
            var sum = UpdateSum(
                traffic.uploadShape(parameters: count, statistics: 0),
                totalWeight: clients.reduce(0) { $0 + strategy.weight(samples: $1.samples) })
            for (i, client) in clients.enumerated() {
                let upload = finish(client, strategy, global, broadcast, &states[i])
                try sum.add(upload.span, weight: strategy.weight(samples: client.samples))
            }
            var mean = [Float](repeating: 0, count: sum.shape.averaged)
            var meanSpan = mean.mutableSpan
            sum.mean(into: &meanSpan)
            let aggregated = AggregatedRound(
                number: round,
                participants: clients.enumerated().map {
                    .init(client: $0, samples: $1.samples, steps: $1.steps)
                },
                federationSamples: clients.reduce(0) { $0 + $1.samples }, learningRate: learningRate,
                momentum: strategy.usesLocalMomentum ? momentum : 0)
            var globalSpan = global.mutableSpan
            strategy.apply(mean.span, to: &globalSpan, in: aggregated)
        }
        return global
    }

    private func finish(
        _ client: Client, _ strategy: some Strategy, _ global: [Float], _ broadcast: [Float], _ state: inout [Float]
    ) -> [Float] {
        let traffic = strategy.traffic
        let momentum = strategy.usesLocalMomentum ? momentum : 0
        var drift = [Float](repeating: 0, count: traffic.hasDrift ? global.count : 0)
        if traffic.hasDrift {
            var span = drift.mutableSpan
            strategy.prepare(&span, broadcast: broadcast.span, state: state.span)
        }
        var weights = global
        var velocity = [Float](repeating: 0, count: global.count)
        for _ in 0..<client.steps {
            var gradient = client.gradient(at: weights)
            var span = gradient.mutableSpan
            strategy.correct(&span, weights: weights.span, anchor: global.span, drift: drift.span)
            for j in weights.indices {
                velocity[j] = Float(momentum) * velocity[j] + gradient[j]
                weights[j] -= Float(learningRate) * velocity[j]
            }
        }
        var upload = zip(weights, global).map { $0 - $1 }
        var extra = [Float](repeating: 0, count: traffic.extraCount(parameters: global.count))
        let asksForGradient = strategy.localWork == .trainingAfterGradient
        let gradient = asksForGradient ? client.gradient(at: global) : []
        let work = FinishedWork(
            initialLoss: asksForGradient ? client.loss(at: global) : .nan, steps: client.steps,
            learningRate: learningRate, momentum: momentum)
        var uploadSpan = upload.mutableSpan
        var extraSpan = extra.mutableSpan
        var stateSpan = state.mutableSpan
        strategy.finish(
            &uploadSpan, extra: &extraSpan, state: &stateSpan, broadcast: broadcast.span, gradient: gradient.span,
            work: work)
        return upload + extra
    }
}

extension QuadraticFederation.Client {
    func gradient(at x: [Float]) -> [Float] {
        x.indices.map { Float(curvature[$0] * (Double(x[$0]) - optimum[$0])) }
    }

    func loss(at x: [Float]) -> Double {
        x.indices.reduce(0) { sum, j in
            let distance = Double(x[j]) - optimum[j]
            return sum + 0.5 * curvature[j] * distance * distance
        }
    }
}

/// The largest distance of two vectors' elements.
func distance(_ first: [Float], _ second: [Double]) -> Double {
    zip(first, second).map { abs(Double($0) - $1) }.max() ?? 0
}
