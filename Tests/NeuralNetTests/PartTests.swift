import FedCore
import NeuralNet
import Testing

/// A model in two parts is the model.
struct PartTests {
    /// Every cut of the small models; of the large one, about its dropouts.
    static let cuts = Models.light.map(\.naturalModel).flatMap { model in
        let cuts = model.name == "simplecnn" ? [5, 6, 9] : Array(0...model.layers.count)
        return cuts.map { (model.name, $0) }
    }

    @Test(arguments: cuts)
    func `a part's output is what enters the next, and the logits are the whole's`(name: String, cut: Int) throws {
        let model = try Models.standard.named(name)
        let whole = try Plan(hashed: model, batch: 4, purpose: .inference)
        whole.fill(model.hashedInput(batch: 4))
        try whole.forward(4)

        let (front, back) = try halves(of: model, cut: cut, purpose: .inference)
        #expect(front.model.output == model.shapes[cut] && back.model.output == [model.classes])
        front.fill(model.hashedInput(batch: 4))
        try front.forward(4)
        front.withOutput { features in
            back.withInput { input in for i in features.indices { input[i] = features[i] } }
        }
        try back.forward(4)
        // Sums may be taken in another order behind a change of layout.
        let scale = whole.logits.map(abs).max() ?? 0
        for (logit, expected) in zip(back.logits, whole.logits) { #expect(abs(logit - expected) <= 1e-5 * scale) }
    }

    @Test(arguments: cuts)
    func `gradients through a cut are the whole's`(name: String, cut: Int) throws {
        let model = try Models.standard.named(name)
        let labels: [Int32] = [3, 1, 4]
        let key = DropoutKey(seed: 1, round: 2, client: 3, step: 4)
        let whole = try Plan(hashed: model, batch: 4)
        whole.fill(model.hashedInput(batch: 4))
        let expected = try whole.forwardBackward(labels: labels.span, dropout: key)

        let (front, back) = try halves(of: model, cut: cut, purpose: .training)
        front.fill(model.hashedInput(batch: 4))
        try front.forwardForTraining(3, dropout: key)
        front.withOutput { features in
            back.withInput { input in for i in features.indices { input[i] = features[i] } }
        }
        let result = try back.forwardBackward(labels: labels.span, dropout: key)
        #expect(result.correct == expected.correct)
        #expect(abs(result.lossSum - expected.lossSum) <= 1e-5 * expected.lossSum)
        back.withInputGradient { gradient in
            front.withOutputGradient { _, mutable in for i in gradient.indices { mutable[i] = gradient[i] } }
        }
        try front.backward()
        let gradients = try front.gradients + back.gradients
        let scale = try whole.gradients.map(abs).max() ?? 0
        for (gradient, wanted) in zip(gradients, try whole.gradients) {
            #expect(abs(gradient - wanted) <= 1e-5 * scale)
        }
        #expect(try gradients.count == whole.gradients.count)
    }

    @Test(arguments: Models.light.map(\.naturalModel))
    func `parts name, place and draw their parameters as the whole does`(model: Model) {
        let weights = model.initialWeights(seed: 7)
        for cut in 0...model.layers.count {
            let (front, back) = (model.part(0..<cut), model.part(cut..<model.layers.count))
            let names = (front.parameterLayout.entries + back.parameterLayout.entries).map(\.name)
            #expect(names == model.parameterLayout.entries.map(\.name))
            if cut == model.cut { #expect(front.initialWeights(seed: 7) + back.initialWeights(seed: 7) == weights) }
            #expect(model.parameterRange(ofLayers: 0..<cut) == 0..<front.parameterCount)
            #expect(
                model.parameterRange(ofLayers: cut..<model.layers.count) == front.parameterCount..<model.parameterCount)
        }
    }

    private func halves(of model: Model, cut: Int, purpose: Plan.Purpose) throws -> (Plan, Plan) {
        let front = try Plan(model.part(0..<cut), batch: 4, purpose: purpose)
        let back = try Plan(
            model.part(cut..<model.layers.count), batch: 4, purpose: purpose,
            needsInputGradient: purpose == .training)
        let weights = model.hashedWeights
        try front.load(weights.span.extracting(0..<front.model.parameterCount))
        try back.load(weights.span.extracting(front.model.parameterCount...))
        return (front, back)
    }
}
