import FedCore
import NeuralNet
import Testing

struct PlanTests {
    private static let oddChannels = "8, 10 and 17 channels"

    private static let withoutBatchStatistics = Networks.layers.filter { model in
        !model.layers.contains { $0 is BatchNorm2D }
    }.map(\.name)

    private func network(_ name: String) throws -> Model {
        try (Networks.all + Networks.layers).first { $0.name == name } ?? Models.standard.named(name)
    }

    private func labels(_ count: Int, of model: Model) -> [Int32] {
        (0..<count).map { Int32($0 * 7 % model.classes) }
    }

    @Test(
        arguments: Models.light.map(\.name) + [PlanTests.oddChannels, "groups", "depthwise"]
            + Networks.layers.map(\.name)
    )
    func `weights come out as they went in`(name: String) throws {
        let model = try network(name)
        let plan = try Plan(hashed: model, batch: 2)
        #expect(try plan.weights == model.hashedWeights)
    }

    @Test(arguments: Models.light.map(\.name) + Networks.layers.map(\.name))
    func `two plans give the same bits, wherever their memory lies`(name: String) throws {
        let model = try network(name)
        func train(_ displacement: Int) throws -> [Float] {
            let ballast = [UInt8](repeating: 1, count: displacement)
            defer { withExtendedLifetime(ballast) {} }
            let plan = try Plan(hashed: model, batch: 8)
            let optimizer = SGD(learningRate: 0.01, momentum: 0.9)
            for step in 0..<3 {
                plan.fill(model.hashedInput(batch: 8, salt: UInt64(step)))
                _ = try plan.forwardBackward(
                    labels: labels(8, of: model).span,
                    dropout: DropoutKey(seed: 1, round: 0, client: 0, step: step))
                optimizer.step(plan)
            }
            return try plan.weights
        }
        let first = try train(1)
        #expect(try train(12_345) == first)
        #expect(try train(3_000_000) == first)
    }

    @Test(
        arguments: ["edgecnn-large", "linear twice", PlanTests.oddChannels] + PlanTests.withoutBatchStatistics)
    func `samples beyond the count change nothing`(name: String) throws {
        let model = try network(name)
        let plan = try Plan(hashed: model, batch: 8)
        let smaller = try Plan(hashed: model, batch: 5)
        smaller.fill(model.hashedInput(batch: 5))
        let labels = labels(5, of: model)
        let expected = try smaller.forwardBackward(labels: labels.span)

        plan.fill(model.hashedInput(batch: 8))
        let result = try plan.forwardBackward(labels: labels.span)
        let gradients = try plan.gradients
        #expect(relativeError(result.lossSum, expected.lossSum) < 1e-6)
        #expect(result.correct == expected.correct)
        let scale = try smaller.gradients.map(abs).max() ?? 0
        for (gradient, other) in zip(gradients, try smaller.gradients) {
            #expect(abs(gradient - other) < 1e-5 * scale)
        }

        plan.fill(model.hashedInput(batch: 5) + [Float](repeating: 1000, count: 3 * model.input.count))
        #expect(try plan.forwardBackward(labels: labels.span) == result)
        #expect(try plan.gradients == gradients)
        #expect(try plan.evaluate(labels: labels.span) == result)
    }

    @Test(arguments: [
        PlanTests.oddChannels, "edgecnn-medium", "normalisation first, 5 and 10 channels", "sigmoid", "average pooling",
        "group normalisation", "padded max pooling",
    ])
    func `padding in the blocks is zero and stays zero`(name: String) throws {
        let model = try network(name)
        let plan = try Plan(hashed: model, batch: 4)
        plan.fill(model.hashedInput(batch: 4))
        let optimizer = SGD(learningRate: 0.02, momentum: 0.9, weightDecay: 0.01, nesterov: true)
        for _ in 0..<3 {
            _ = try plan.forwardBackward(labels: labels(4, of: model).span)
            optimizer.step(plan)
        }
        let nonzero = try plan.trainedWeights.count { $0 != 0 }
        #expect(plan.withWeights { weights in weights.indices.count { weights[$0] != 0 } } == nonzero)
        let gradients = try plan.gradients.count { $0 != 0 }
        #expect(plan.withGradients { blocked, _ in blocked.indices.count { blocked[$0] != 0 } } == gradients)
    }

    /// Before AVX2 there are none but the slow ones for some.
    @Test(
        .enabled(if: ["avx2", "avx512"].contains { OneDNNLibrary.instructionSet.hasPrefix($0) }),
        arguments: Models.light.map(\.name) + Networks.layers.map(\.name), [10, 32])
    func `no primitive is oneDNN's slow fallback`(name: String, batch: Int) throws {
        let plan = try Plan(network(name), batch: batch, purpose: .training)
        #expect(plan.implementations.filter { $0.contains("ref") } == [])
    }

    @Test func `a training plan of edgecnn-large for 32 samples holds less than 10 MB`() throws {
        #expect(try Plan(.edgeCNNLarge, batch: 32, purpose: .training).byteCount < 10_000_000)
    }

    @Test func `a reset optimizer has no memory`() throws {
        let model = Model.logistic
        let plan = try Plan(hashed: model, batch: 4)
        plan.fill(model.hashedInput(batch: 4))
        let optimizer = SGD(learningRate: 0.01, momentum: 0.9)
        func step() throws -> [Float] {
            try plan.load(model.hashedWeights.span)
            _ = try plan.forwardBackward(labels: labels(4, of: model).span)
            optimizer.step(plan)
            return try plan.weights
        }
        let first = try step()
        #expect(try step() != first)
        plan.resetOptimizer()
        #expect(try step() == first)
    }

    @Test(arguments: ["edgecnn-large", "edgecnn-bn", "group normalisation", "lstm of an embedding", "gru of an lstm"])
    func `more threads give the same result up to rounding`(name: String) throws {
        let model = try network(name)
        let two = try Plan(model, batch: 8, purpose: .training, threads: 2)
        try two.load(model.hashedWeights.span)
        two.fill(model.hashedInput(batch: 8))
        let result = try two.forwardBackward(labels: labels(8, of: model).span)
        let one = try Plan(hashed: model, batch: 8)
        one.fill(model.hashedInput(batch: 8))
        let expected = try one.forwardBackward(labels: labels(8, of: model).span)
        #expect(relativeError(result.lossSum, expected.lossSum) < 1e-6)
    }

    @Test func `the loss of a thousandfold logit is finite and exact`() throws {
        let model = Model(name: "scores", input: [3], classes: 3, layers: [Linear(3, 3)])
        let plan = try Plan(model, batch: 1, purpose: .training)
        let identity: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
        try plan.load(identity.span)
        plan.fill([1000, -1000, 0])
        let labels: [Int32] = [1]
        let result = try plan.forwardBackward(labels: labels.span)
        #expect(result == BatchResult(lossSum: 2000, correct: 0))
        // softmax − one-hot is (1, −1, 0), the weights' gradient its product with the input.
        #expect(try plan.gradients == [1000, -1000, 0, -1000, 1000, 0, 0, 0, 0, 1, -1, 0])
    }
}
