import NeuralNet
import Testing

@Suite struct MeanAbsoluteErrorTests {
    /// Two samples of three classes, by hand: |1 − 3| + |2 − 2| + |0 − (−1)| = 3 and |4 − 1| + |1 − 1.5| + |0 − 0| = 3.5,
    /// each a third; the gradient of the mean over six scores is the sign over 6.
    @Test func `Loss and gradient are those of PyTorch's L1Loss`() {
        let scores: [Float] = [1, 2, 0, 4, 1, 0, 9, 9, 9]
        let targets: [Float] = [3, 2, -1, 1, 1.5, 0]
        var gradient = [Float](repeating: 7, count: 9)
        var span = gradient.mutableSpan
        let result = MeanAbsoluteError.differentiate(
            scores.span, classes: 3, targets: targets.span, gradient: &span)
        #expect(abs(result.lossSum - 6.5 / 3) < 1e-12)
        let sixth: Float = 1 / 6
        #expect(gradient == [-sixth, 0, sixth, sixth, -sixth, 0, 0, 0, 0])
    }

    @Test func `A model learns scores that it can say`() throws {
        let model = try Models.standard.named("logistic")
        let plan = try Plan(model, batch: 4, purpose: .training)
        try plan.load(model.initialWeights(seed: 1).span)
        plan.withInput { input in for i in input.indices { input[i] = Float((i * 7919) % 97) / 97 } }
        let wanted = (0..<40).map { Float($0 % 10) / 10 }
        let optimizer = try Optimizer(named: "sgd", learningRate: 0.005, momentum: 0, weightDecay: 0)
        var losses: [Double] = []
        for _ in 0..<200 {
            losses.append(try plan.forwardBackward(scores: wanted.span).lossSum / 4)
            optimizer.step(plan)
        }
        #expect(losses[199] < losses[0] / 4)
    }
}
