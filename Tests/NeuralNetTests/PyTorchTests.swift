import FedCore
import NeuralNet
import Testing

/// Layers, loss, optimizers and whole models against PyTorch (`scripts/make-fixtures`).
struct PyTorchTests {
    private static let tolerance = 1e-4

    @Test func `the fixtures are found`() {
        #expect(Fixture.all.count == 41 + Networks.layers.count)
    }

    @Test(arguments: Fixture.all)
    func `forward, loss and all gradients agree`(fixture: Fixture) throws {
        let model = try fixture.model
        let plan = try Plan(hashed: model, batch: fixture.batch)
        plan.fill(model.hashedInput(batch: fixture.batch))
        let result = try plan.forwardBackward(labels: fixture.labels.span)
        let losses = try #require(fixture.trained["momentum, weight decay"]).losses
        #expect(relativeError(result.lossSum / Double(fixture.batch), losses[0]) < Self.tolerance)
        #expect(result.correct == fixture.correct)
        #expect(relativeError(plan.logits, fixture.logits) < Self.tolerance)
        let gradients = try plan.gradients
        for entry in model.parameterLayout.entries {
            let gradient = Array(gradients[entry.range])
            guard entry.role == .trained else {
                #expect(gradient.allSatisfy { $0 == 0 }, "gradient of \(entry.name)")
                continue
            }
            let expected = try #require(fixture.gradients[entry.name])
            // A normalisation takes out the bias of the convolution before it: what is left is rounding.
            let isNothing = expected.norm < 1e-6 && gradient.allSatisfy { abs($0) < 1e-6 }
            #expect(isNothing || relativeError(gradient, expected) < Self.tolerance, "gradient of \(entry.name)")
        }
    }

    @Test(arguments: Fixture.all)
    func `evaluation agrees, in plans for training and for inference`(fixture: Fixture) throws {
        let model = try fixture.model
        let training = try #require(fixture.trained["momentum, weight decay"])
        let expected =
            fixture.evaluation
            ?? Fixture.Evaluation(loss: training.losses[0], correct: fixture.correct, logits: fixture.logits)
        for purpose in [Plan.Purpose.training, .inference] {
            let plan = try Plan(hashed: model, batch: fixture.batch, purpose: purpose)
            plan.fill(model.hashedInput(batch: fixture.batch))
            let result = try plan.evaluate(labels: fixture.labels.span)
            #expect(relativeError(result.lossSum / Double(fixture.batch), expected.loss) < Self.tolerance)
            #expect(result.correct == expected.correct)
            #expect(relativeError(plan.logits, expected.logits) < Self.tolerance)
        }
    }

    @Test(arguments: Fixture.all)
    func `weights after four steps agree with every optimizer`(fixture: Fixture) throws {
        let optimizers = [
            "plain": SGD(learningRate: 0.02),
            "weight decay": SGD(learningRate: 0.02, weightDecay: 0.01),
            "momentum": SGD(learningRate: 0.02, momentum: 0.9),
            "momentum, weight decay": SGD(learningRate: 0.02, momentum: 0.9, weightDecay: 0.01),
            "Nesterov": SGD(learningRate: 0.02, momentum: 0.8, weightDecay: 0.01, nesterov: true),
        ]
        let model = try fixture.model
        let plan = try Plan(hashed: model, batch: fixture.batch)
        plan.fill(model.hashedInput(batch: fixture.batch))
        for (name, trained) in fixture.trained {
            let optimizer = try #require(optimizers[name])
            try plan.load(model.hashedWeights.span)
            plan.resetOptimizer()
            let counts = fixture.counts ?? trained.losses.map { _ in fixture.batch }
            for (expected, count) in zip(trained.losses, counts) {
                let labels = Array(fixture.labels.prefix(count))
                let loss = try plan.forwardBackward(labels: labels.span).lossSum / Double(count)
                #expect(relativeError(loss, expected) < Self.tolerance, "\(name)")
                optimizer.step(plan)
            }
            let weights = try plan.weights
            for entry in model.parameterLayout.entries {
                let expected = try #require(trained.weights[entry.name])
                #expect(relativeError(Array(weights[entry.range]), expected) < Self.tolerance, "\(name), \(entry.name)")
            }
        }
    }
}

func relativeError(_ value: Double, _ expected: Double) -> Double {
    abs(value - expected) / max(abs(expected), .leastNormalMagnitude)
}

/// The larger of: the norm's error, and the largest error of a recorded element relative to the largest element.
func relativeError(_ values: [Float], _ expected: Fixture.Vector) -> Double {
    let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let picked = stride(from: 0, to: values.count, by: expected.step).map { Double(values[$0]) }
    guard picked.count == expected.values.count else { return .infinity }
    let largest = expected.values.map(abs).max() ?? 0
    let difference = zip(picked, expected.values).map { abs($0 - $1) }.max() ?? 0
    if norm.isNaN || picked.contains(where: \.isNaN) { return .infinity }
    return max(relativeError(norm, expected.norm), difference / max(largest, .leastNormalMagnitude))
}
