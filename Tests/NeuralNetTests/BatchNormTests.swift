import FedCore
import NeuralNet
import Testing

struct BatchNormTests {
    /// Normalises its input, so that the statistics are those of the samples whatever the weights are.
    private let first = Model(
        name: "first", input: [2, 1, 2], classes: 2, layers: [BatchNorm2D(2), Flatten(), Linear(4, 2)])
    private let deep = Model(
        name: "deep", input: [1, 6, 6], classes: 3,
        layers: [
            Conv2D(1, 10, kernel: 3, padding: 1), BatchNorm2D(10), ReLU(), MaxPool2D(2),
            Conv2D(10, 20, kernel: 2), BatchNorm2D(20), Flatten(), Linear(80, 3),
        ])
    private let labels: [Int32] = [0, 1, 1, 0, 1, 0, 0, 1]

    @Test func `running statistics move by a tenth toward the batch's mean and its unbiased variance`() throws {
        let plan = try Plan(first, batch: 2, purpose: .training)
        try plan.load(first.initialWeights(seed: 1).span)
        // The first channel holds 1, 3, 5, 7 with the mean 4 and squared deviations of 20; the second −2, 0, 0, 2 with 0, 8.
        plan.fill([1, 3, -2, 0, 5, 7, 0, 2])
        _ = try plan.forwardBackward(labels: labels.span.extracting(0..<2))
        let expected: [Float] = [0.4, 0, 0.9 + 2.0 / 3, 0.9 + 0.8 / 3]
        #expect(zip(try plan.statistics, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `a single sample is normalised by its own pixels`() throws {
        let plan = try Plan(first, batch: 4, purpose: .training)
        try plan.load(first.initialWeights(seed: 1).span)
        plan.fill([1, 3, -2, 0])
        _ = try plan.forwardBackward(labels: labels.span.extracting(0..<1))
        // Means 2 and −1, unbiased variances 2.
        let expected: [Float] = [0.2, -0.1, 1.1, 1.1]
        #expect(zip(try plan.statistics, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `a single vector is its own mean, and leaves the running variance alone`() throws {
        let vectors = Model(name: "vectors", input: [2], classes: 2, layers: [BatchNorm2D(2), Linear(2, 2)])
        let plan = try Plan(vectors, batch: 4, purpose: .training)
        try plan.load(vectors.initialWeights(seed: 1).span)
        plan.fill([3, -5])
        _ = try plan.forwardBackward(labels: labels.span.extracting(0..<1))
        let expected: [Float] = [0.3, -0.5, 1, 1]
        #expect(zip(try plan.statistics, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(try plan.gradients.allSatisfy(\.isFinite))
    }

    @Test(arguments: [1, 3, 7])
    func `a part of a batch is trained on as a whole batch of that size`(count: Int) throws {
        let labels = Array(self.labels.prefix(count))
        let samples = deep.hashedInput(batch: count)
        func train(_ plan: Plan, padding: Float) throws -> (BatchResult, [Float], [Float]) {
            plan.fill(samples + [Float](repeating: padding, count: (plan.batch - count) * deep.input.count))
            let result = try plan.forwardBackward(labels: labels.span)
            return (result, try plan.gradients, try plan.statistics)
        }
        let (loss, gradients, statistics) = try train(Plan(hashed: deep, batch: count), padding: 0)
        let plan = try Plan(hashed: deep, batch: 8)
        let padded = try train(plan, padding: 1000)
        #expect(relativeError(padded.0.lossSum, loss.lossSum) < 1e-6)
        let scale = gradients.map(abs).max() ?? 0
        #expect(zip(padded.1, gradients).allSatisfy { abs($0 - $1) < 1e-5 * scale })
        #expect(zip(padded.2, statistics).allSatisfy { abs($0 - $1) < 1e-6 * max(1, abs($1)) })

        // What lies beyond the count changes no bit, and neither does a whole batch in between.
        plan.fill(hashed(8 * deep.input.count, salt: 2))
        _ = try plan.forwardBackward(labels: self.labels.span)
        try plan.load(deep.hashedWeights.span)
        let again = try train(plan, padding: -3)
        #expect(again == padded)
    }

    @Test func `evaluation is by the running statistics and does not move them`() throws {
        let training = try Plan(hashed: deep, batch: 8)
        training.fill(deep.hashedInput(batch: 8))
        let before = try training.statistics
        let all = try training.evaluate(labels: labels.span)
        #expect(try training.statistics == before)

        // Each sample for itself, because none has a part in the statistics.
        let single = try Plan(hashed: deep, batch: 1, purpose: .inference)
        var sum = BatchResult()
        for (i, label) in labels.enumerated() {
            single.fill(Array(deep.hashedInput(batch: 8)[i * deep.input.count..<(i + 1) * deep.input.count]))
            let result = try single.evaluate(labels: [label].span)
            sum.lossSum += result.lossSum
            sum.correct += result.correct
        }
        #expect(relativeError(all.lossSum, sum.lossSum) < 1e-6)
        #expect(all.correct == sum.correct)

        _ = try training.forwardBackward(labels: labels.span)
        #expect(try training.statistics != before)
        #expect(try training.evaluate(labels: labels.span) != all)
    }

    @Test func `neither optimizer nor a correction of all gradients moves the statistics`() throws {
        let trained = try Plan(hashed: first, batch: 8)
        let untrained = try Plan(hashed: first, batch: 8)
        let optimizer = SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.5)
        for step in 0..<4 {
            for plan in [trained, untrained] {
                plan.fill(hashed(8 * first.input.count, salt: UInt64(step)))
                _ = try plan.forwardBackward(labels: labels.span)
            }
            trained.withGradients { gradients, weights in
                for i in gradients.indices { gradients[i] += 1 + weights[i] }
            }
            optimizer.step(trained)
        }
        #expect(try trained.statistics == untrained.statistics)
        #expect(try trained.trainedWeights != untrained.trainedWeights)
        let corrected = try trained.gradients
        let statistics = first.parameterLayout.ranges { $0.role == .statistic }
        #expect(statistics.flatMap { corrected[$0] } == [0, 0, 0, 0])
    }
}
