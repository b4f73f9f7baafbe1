import FedCore
import Testing

@testable import NeuralNet

/// Normalisation folded into the layer before it, in plans for inference.
struct FoldingTests {
    /// A convolution of one weight, a normalisation, and sums of pixels as scores.
    private func small(hasBias: Bool) -> Model {
        Model(
            name: "small", input: [1, 1, 2], classes: 2,
            layers: [
                Conv2D(1, 1, kernel: 1, hasBias: hasBias), BatchNorm2D(1, epsilon: 1), ReLU(), Flatten(), Linear(2, 2),
            ])
    }

    @Test func `a convolution has the normalisation's scale and shift`() throws {
        // γ = 3, β = 1, μ = 2, σ² + ε = 4: the weight 4 becomes 4·3/2 = 6, the bias 5 becomes (5 − 2)·3/2 + 1 = 5.5.
        let folded = try #require(FoldedModel(small(hasBias: true)))
        var parameters: [[Float]] = []
        let weights: [Float] = [4, 5, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6]
        folded.forEachParameter(of: weights.span) { (_, tensor) throws(Never) in
            parameters.append(tensor.indices.map { tensor[$0] })
        }
        #expect(parameters == [[6], [5.5], [1, 2, 3, 4], [5, 6]])
        #expect(folded.model.parameterLayout.entries.map(\.name) == ["0.weight", "0.bias", "4.weight", "4.bias"])

        // Without a bias, as for most networks with normalisation: (0 − 2)·3/2 + 1 = −2. The pixels 1 and 0 are 4 and
        // −2, which is 0 behind the ReLU.
        let model = small(hasBias: false)
        let plan = try Plan(model, batch: 1, purpose: .inference)
        let unbiased: [Float] = [4, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6]
        try plan.load(unbiased.span)
        plan.fill([1, 0])
        try plan.forward(1)
        #expect(plan.logits == [4 + 5, 12 + 6])
    }

    @Test func `what another layer reads, too, or what comes before the layer, stays`() throws {
        let nodes = [
            Node("n", BatchNorm2D(1), inputs: [.input]), Node("a", Conv2D(1, 1, kernel: 1), inputs: [.node(0)]),
            Node("b", BatchNorm2D(1), inputs: [.node(1)]), Node("s", Add(), inputs: [.node(1), .node(2)]),
            Node("f", Flatten(), inputs: [.node(3)]), Node("l", Linear(2, 2, hasBias: false), inputs: [.node(4)]),
        ]
        let model = try Model(name: "both", form: DataForm([1, 1, 2], outputs: 2), nodes: nodes)
        #expect(FoldedModel(model) == nil)
        #expect(FoldedModel(try Models.standard.named("edgecnn-large")) == nil)
    }

    @Test(arguments: ["edgecnn-bn", "mobilenet-tiny", "resnet18"])
    func `inference agrees with the plan that trains, without a normalisation of its own`(name: String) throws {
        let model = try Models.standard.named(name)
        let folded = try #require(FoldedModel(model))
        #expect(!folded.model.layers.contains { $0 is BatchNorm2D })
        let training = try Plan(hashed: model, batch: 2)
        let inference = try Plan(hashed: model, batch: 2, purpose: .inference)
        for plan in [training, inference] {
            plan.fill(model.hashedInput(batch: 2))
            try plan.forward(2)
        }
        let scale = training.logits.map(abs).max() ?? 0
        #expect(scale > 0)
        for (score, expected) in zip(inference.logits, training.logits) {
            #expect(abs(score - expected) <= 1e-4 * scale)
        }
    }
}
