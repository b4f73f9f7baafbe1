import FedCore
import NeuralNet
import Testing

/// Losses and their gradients against PyTorch 2.15, by this script:
///
///     import torch, torch.nn.functional as F
///     def show(z, f):
///         z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
///         l = f(z); l.backward(); print(l.item(), z.grad.flatten().tolist())
///     z = [[1.5, -0.5, 0.25], [-2.0, 3.0, 0.5]]
///     for s in (0.1, 0.3): show(z, lambda z: F.cross_entropy(z, torch.tensor([2, 1]), label_smoothing=s))
///     t = torch.tensor([[1.0, 0, 1], [0, 0, 1]], dtype=torch.float64)
///     show(z, lambda z: F.binary_cross_entropy_with_logits(z, t))
///     v = torch.tensor([[0.5, -1, 2], [1, 2.5, -0.25]], dtype=torch.float64)
///     show(z, lambda z: F.mse_loss(z, v))
struct LossTests {
    private static let outputs: [Float] = [1.5, -0.5, 0.25, -2, 3, 0.5]

    /// The mean loss, the samples that are right, and the gradient, of a batch with one row to spare.
    private func differentiate(
        _ outputs: [Float], width: Int,
        _ body: (Span<Float>, inout MutableSpan<Float>) -> BatchResult
    ) -> (result: BatchResult, gradient: [Float]) {
        let padded = outputs + [Float](repeating: 7, count: width)
        var gradient = [Float](repeating: .nan, count: padded.count)
        var span = gradient.mutableSpan
        let result = body(padded.span, &span)
        #expect(gradient[outputs.count...].allSatisfy { $0 == 0 })
        return (result, Array(gradient.prefix(outputs.count)))
    }

    private func expect(_ gradient: [Float], _ expected: [Double]) {
        #expect(gradient.count == expected.count)
        for (own, expected) in zip(gradient, expected) { #expect(abs(Double(own) - expected) < 1e-6) }
    }

    @Test(arguments: [
        (
            Float(0.1), 0.9601912217502226,
            [
                0.3349903213442203, 0.03092493140792083, -0.3659152527521412, -0.013572524030266648,
                -0.007455183284564959, 0.02102770731483167,
            ]
        ),
        (
            0.3, 1.1935245550835558,
            [
                0.3016569880108869, -0.0024084019254125063, -0.2992485860854745, -0.04690585736359998,
                0.0592114833821017, -0.012305626018501662,
            ]
        ),
    ])
    func `cross-entropy with smoothed labels is PyTorch's`(smoothing: Float, loss: Double, expected: [Double]) {
        let labels: [Int32] = [2, 1]
        let (result, gradient) = differentiate(Self.outputs, width: 3) { outputs, gradient in
            Loss.crossEntropy(labelSmoothing: smoothing).differentiate(
                outputs, width: 3, labels: labels.span, gradient: &gradient)
        }
        #expect(relativeError(result.lossSum / 2, loss) < 1e-6)
        #expect(result.correct == 1)
        expect(gradient, expected)
    }

    @Test func `binary cross-entropy is PyTorch's`() {
        let targets: [Float] = [1, 0, 1, 0, 0, 1]
        let (result, gradient) = differentiate(Self.outputs, width: 3) { outputs, gradient in
            Loss.multiLabel.differentiate(outputs, width: 3, targets: targets.span, gradient: &gradient)
        }
        #expect(relativeError(result.lossSum / 2, 0.8168370048064206) < 1e-6)
        // The second sample is wrong in one of three labels.
        #expect(result.correct == 1)
        expect(
            gradient,
            [
                -0.030404253967726058, 0.0629234447996909, -0.07297058318570032, 0.019867153670352924,
                0.15876235447040557, -0.0629234447996909,
            ])
    }

    @Test func `large scores do not overflow`() {
        // PyTorch: 100 and [0, 0, 1/4, −1/4]; the mean of 0, 0, 200 and 200.
        let targets: [Float] = [1, 0, 0, 1]
        let (result, gradient) = differentiate([200, -200, 200, -200], width: 1) { outputs, gradient in
            Loss.binary.differentiate(outputs, width: 1, targets: targets.span, gradient: &gradient)
        }
        #expect(result == BatchResult(lossSum: 400, correct: 2))
        #expect(gradient == [0, 0, 0.25, -0.25])
    }

    @Test func `mean squared error is PyTorch's`() {
        let targets: [Float] = [0.5, -1, 2, 1, 2.5, -0.25]
        let (result, gradient) = differentiate(Self.outputs, width: 3) { outputs, gradient in
            Loss.meanSquaredError.differentiate(outputs, width: 3, targets: targets.span, gradient: &gradient)
        }
        #expect(relativeError(result.lossSum / 2, 2.3541666666666665) < 1e-6)
        #expect(result.correct == 0)
        expect(gradient, [1.0 / 3, 1.0 / 6, -7.0 / 12, -1, 1.0 / 6, 0.25])
    }

    @Test func `a plan's step without smoothing is today's, to the bit`() throws {
        let model = Model.edgeCNNMedium
        let labels: [Int32] = [3, 1, 4]
        let plan = try Plan(hashed: model, batch: 3)
        plan.fill(model.hashedInput(batch: 3))
        let plain = try plan.forwardBackward(labels: labels.span)
        let gradients = try plan.gradients
        #expect(try plan.forwardBackward(labels: labels.span, loss: .crossEntropy(labelSmoothing: 0)) == plain)
        #expect(try plan.gradients == gradients)
    }

    @Test func `names and options make losses`() throws {
        #expect(Loss.names == ["cross-entropy", "binary", "multi-label", "mse"])
        for name in Loss.names { #expect(try Loss(named: name).name == name) }
        #expect(try Loss(named: "cross-entropy") == .crossEntropy(labelSmoothing: 0))
        #expect(try Loss(named: "cross-entropy", ["label-smoothing": "0.25"]) == .crossEntropy(labelSmoothing: 0.25))
        for options in [["label-smoothing": "1"], ["label-smoothing": "-0.1"], ["smoothing": "0.1"]] as [NamedOptions] {
            #expect(throws: ConfigurationError.self) { try Loss(named: "cross-entropy", options) }
        }
        #expect(throws: ConfigurationError.self) { try Loss(named: "hinge") }
    }

    @Test func `each task has a loss, and each loss says what it is for`() throws {
        for task in [.classes(10), .labels(1), .labels(3), .values(1), .values(4)] as [LearningTask] {
            #expect(try Loss.fitting(task).task(on: task) == task)
        }
        #expect(try Loss.binary.task(on: .classes(2)) == .labels(1))
        #expect(try Loss.multiLabel.task(on: .labels(1)) == .labels(1))
        for (loss, task) in [
            (.binary, .classes(3)), (.binary, .labels(2)), (.crossEntropy(), .labels(1)), (.multiLabel, .classes(4)),
            (.meanSquaredError, .labels(2)), (.multiLabel, .values(2)),
        ] as [(Loss, LearningTask)] {
            #expect(throws: ConfigurationError.self) { try loss.task(on: task) }
        }
    }

    @Test func `smoothing is for training alone`() {
        let labels: [Int32] = [2, 1]
        let smoothed = Loss.crossEntropy(labelSmoothing: 0.5).evaluate(Self.outputs.span, width: 3, labels: labels.span)
        #expect(smoothed == Loss.crossEntropy().evaluate(Self.outputs.span, width: 3, labels: labels.span))
    }

    @Test(arguments: [Loss.crossEntropy(labelSmoothing: 0.2), .binary, .multiLabel, .meanSquaredError])
    func `a model's gradients agree with finite differences`(loss: Loss) throws {
        let width = loss == .binary ? 1 : 3
        let model = Model(name: "linear twice", input: [6], classes: width, layers: [Linear(6, 5), Linear(5, width)])
        let plan = try Plan(hashed: model, batch: 3)
        plan.fill(model.hashedInput(batch: 3))
        let labels: [Int32] = [0, 2, 1]
        let targets = hashed(3 * width, salt: 8).map { loss == .meanSquaredError ? $0 : $0 > 0 ? 1 : 0 }
        func pass() throws -> Double {
            if loss.takesLabels { return try plan.forwardBackward(labels: labels.span, loss: loss).lossSum / 3 }
            return try plan.forwardBackward(targets: targets.span, loss: loss).lossSum / 3
        }
        let trained = try pass()
        let gradients = try plan.gradients
        if !loss.takesLabels {
            #expect(try plan.evaluate(targets: targets.span, loss: loss).lossSum / 3 == trained)
        }
        let weights = model.hashedWeights
        let direction = hashed(weights.count, salt: 77).map(Double.init)
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        func moved(_ distance: Double) throws -> Double {
            let moved = zip(weights, direction).map { Float(Double($0) + distance * $1 / length) }
            try plan.load(moved.span)
            return try pass()
        }
        let slope = try (moved(1e-3) - moved(-1e-3)) / 2e-3
        let expected = zip(gradients, direction).reduce(0) { $0 + Double($1.0) * $1.1 } / length
        #expect(abs(slope - expected) < 2e-3 * max(1, abs(expected)), "\(slope) and \(expected)")
    }
}
