import FedCore
import Strategies
import Testing

/// q-FedAvg's step through the sum that the engine uses, beside algorithm 2 of Li et al. 2020 in numpy's longdouble:
///
///     D = [F[k]**q * L * -U[k] for k in clients]
///     h = [q * F[k]**(q - 1) * sum((L * U[k])**2) + L * F[k]**q for k in clients]
///     step = -sum(D) / sum(h)
///
/// with L = 1 / η, F the losses and U the changes of the weights, as float32.
@Suite struct QFedAvgTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var q: Double
        var rate: Double
        var losses: [Double]
        var updates: [[Float]]
        var step: [Double]

        init(
            _ name: String, _ q: Double, _ rate: Double, _ losses: [Double], _ updates: [[Float]], _ step: [Double]
        ) {
            (testDescription, self.q, self.rate, self.losses, self.updates, self.step) =
                (name, q, rate, losses, updates, step)
        }
    }

    private static let updates: [[Float]] = [[0.01, -0.02, 0.003], [-0.004, 0.03, 0.001], [0.02, 0.01, -0.015]]

    static let cases = [
        Case(
            "q 5, losses near 0.02", 5, 0.05, [0.019, 0.02, 0.023], updates,
            [2.6195804363e-03, 2.0638462795e-03, -1.5997550208e-03]),
        Case(
            "q 10, losses near 0.1", 10, 0.05, [0.1, 0.09, 0.12], updates,
            [7.9065712781e-03, 3.1269111341e-03, -5.3447178851e-03]),
        Case(
            "q 15, losses far apart", 15, 0.05, [0.02, 2.0, 2.25], updates,
            [1.4961688856e-02, 1.1716450042e-02, -1.1485992010e-02]),
        Case(
            "q 15, losses near 1e-7", 15, 0.1, [1e-7, 2e-7, 1.5e-7],
            [[1e-4, -2e-4, 3e-5], [-4e-5, 3e-4, 1e-5], [2e-4, 1e-4, -1.5e-4]],
            [-5.2747987526e-07, 4.2585081968e-06, 1.1300796140e-07]),
        Case(
            "q 1, a tiny rate", 1, 1e-9, [2.3, 2.1, 0.4],
            [[1e-9, -2e-9, 3e-10], [-4e-10, 3e-9, 1e-10], [2e-9, 1e-9, -1.5e-9]],
            [4.7083331062e-10, 4.3750003424e-10, 6.2499997808e-11]),
        Case(
            "q 1, a huge rate", 1, 1e6, [2.3, 2.1, 0.4], [[100, -200, 30], [-40, 300, 10], [200, 100, -150]],
            [4.5063907001e+01, 4.1873541903e+01, 5.9819345576e+00]),
        Case(
            "q 0.5, huge losses", 0.5, 0.05, [1e6, 3e7, 2e4], [[1, -2, 0.3], [-0.4, 3, 0.1], [2, 1, -1.5]],
            [-1.3718331751e-01, 2.2016313362e+00, 9.6021865024e-02]),
        Case("q 0", 0, 0.05, [1e-6, 3, 0.5], updates, [8.6666663798e-03, 6.6666665177e-03, -3.6666665304e-03]),
        Case(
            "q 200", 200, 0.05, [0.011, 0.012, 0.0119], updates,
            [-7.0562094047e-07, 9.0411256304e-05, -5.1435381376e-06]),
        Case(
            "one client", 5, 0.05, [0.02], [updates[0]],
            [2.8208744963e-03, -5.6417489927e-03, 8.4626237517e-04]),
        Case(
            "one of two did not change", 2, 0.05, [0.02, 3], [updates[0], [0, 0, 0]],
            [4.4440457636e-07, -8.8880915272e-07, 1.3332137705e-07]),
    ]

    @Test(arguments: cases) func `The step is the paper's, whatever the losses`(example: Case) throws {
        let step = try Self.step(example.q, example.rate, example.losses, example.updates)
        let largest = example.step.reduce(0) { max($0, abs($1)) }
        #expect(distance(step, example.step) < 1e-6 * largest, "\(step)")
    }

    /// Clients one by one on a rank each, in any order, give the same bits.
    @Test func `The step has the same bits in any order and grouping`() throws {
        var losses: [Double] = [1e-3]
        for _ in 1..<40 { losses.append(losses[losses.count - 1] * 1.5) }
        var updates: [[Float]] = []
        for client in 0..<40 {
            let scale: Float = client % 7 == 0 ? 0 : 1e-3
            updates.append(
                (0..<50).map { (place: Int) -> Float in scale * Float((client * 37 + place * 11) % 101 - 50) })
        }
        let expected = try Self.step(15, 0.05, losses, updates)
        for trial in 0..<10 {
            var random = RandomStream(seed: 2, .selection, round: trial)
            var order = Array(losses.indices)
            random.shuffle(&order)
            let step = try Self.step(
                15, 0.05, order.map { losses[$0] }, order.map { updates[$0] }, ranks: 1 + trial % 5)
            #expect(step == expected)
        }
    }

    @Test(arguments: [Double.nan, .infinity, -1]) func `A loss that is none leaves its client out`(loss: Double) {
        #expect(throws: ExactSum.Refusal.notFinite(index: 3)) { try Self.step(2, 0.1, [loss], [Self.updates[0]]) }
    }

    @Test func `A loss of 0 is one of 1e-10`() throws {
        let step = try Self.step(0.5, 0.1, [0, 1], [Self.updates[0], Self.updates[1]])
        #expect(try step == Self.step(0.5, 0.1, [1e-10, 1], [Self.updates[0], Self.updates[1]]))
    }

    /// From weights 0, so that the step shows with all its digits.
    static func step(
        _ q: Double, _ rate: Double, _ losses: [Double], _ updates: [[Float]], ranks: Int = 1
    ) throws -> [Float] {
        var strategy = QFedAvg()
        strategy.q = q
        let count = updates[0].count
        let shape = strategy.traffic.uploadShape(parameters: count, statistics: 0)
        var sums = [UpdateSum](repeating: UpdateSum(shape, totalWeight: Double(losses.count)), count: ranks)
        for (client, loss) in losses.enumerated() {
            var update = updates[client]
            var extra = [Float](repeating: 0, count: strategy.traffic.extraCount(parameters: count))
            var state: [Float] = []
            var updateSpan = update.mutableSpan
            var extraSpan = extra.mutableSpan
            var stateSpan = state.mutableSpan
            let none: [Float] = []
            strategy.finish(
                &updateSpan, extra: &extraSpan, state: &stateSpan, broadcast: none.span, gradient: none.span,
                work: FinishedWork(initialLoss: loss, steps: 3, learningRate: rate, momentum: 0))
            let sent = update + extra
            try sums[client % ranks].add(sent.span, weight: strategy.weight(samples: 25))
        }
        var sum = UpdateSum(shape, totalWeight: Double(losses.count))
        var levels = sum.levels
        for rank in sums { levels = zip(levels, rank.levels).map { ScaledSum.union($0, $1) } }
        for rank in sums {
            var words = [Int64](repeating: 0, count: shape.wordCount(levels))
            var span = words.mutableSpan
            rank.write(levels, to: &span)
            try sum.add(partial: words.span, levels: levels, weight: rank.weight)
        }
        var mean = [Float](repeating: .nan, count: shape.averaged)
        var meanSpan = mean.mutableSpan
        sum.mean(into: &meanSpan)
        var global = [Float](repeating: 0, count: count)
        var globalSpan = global.mutableSpan
        let round = AggregatedRound(
            number: 1, participants: [], federationSamples: 1, learningRate: rate, momentum: 0)
        strategy.apply(mean.span, to: &globalSpan, in: round)
        return global
    }
}
