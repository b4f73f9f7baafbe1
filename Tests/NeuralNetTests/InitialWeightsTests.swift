import FedCore
import Files
import NeuralNet
import Testing

/// Weights of a file that training starts from, and the parameters that stay as they are.
struct InitialWeightsTests {
    /// Ten parameters: `0.weight` [3, 2], `0.bias`, `2.weight` [?, 3] …
    private func model(outputs: Int = 2) throws -> Model {
        try ModelText("linear 3 as a, relu, linear").model(for: DataForm([2], outputs: outputs))
    }

    private func file(_ names: [String], outputs: Int = 2) throws -> InitialWeights {
        let shapes = [[3, 2], [3], [outputs, 3], [outputs]]
        var next: Float = 0
        let tensors = zip(names, shapes).map { name, shape in
            let values = (0..<shape.reduce(1, *)).map { _ in
                next += 1
                return next
            }
            return Safetensors.Tensor(name: name, shape: shape, elements: .float32(values))
        }
        return try InitialWeights(Safetensors(tensors).encoded(), path: "w")
    }

    @Test(arguments: [
        ["a.weight", "a.bias", "2.weight", "2.bias"],
        ["net.a.weight", "net.a.bias", "net.2.weight", "net.2.bias"],
        ["w0", "w1", "w2", "w3"],
    ])
    func `tensors are found by name, behind a prefix, or by their order`(names: [String]) throws {
        let found = try file(names).weights(for: model(), seed: 1)
        #expect(found.weights == (1...17).map { Float($0) } && found.drawn.isEmpty)
    }

    @Test func `the last layer may be for another number of outputs, and no other`() throws {
        let model = try model(outputs: 5)
        let found = try file(["a.weight", "a.bias", "2.weight", "2.bias"]).weights(for: model, seed: 1)
        #expect(found.drawn == ["2.weight", "2.bias"] && found.weights[..<9] == (1...9).map { Float($0) }[...])
        #expect(found.weights[9...] == model.initialWeights(seed: 1)[9...])
        #expect(throws: ConfigurationError.self) {
            try file(["2.weight", "2.bias", "a.weight", "a.bias"]).weights(for: model, seed: 1)
        }
        #expect(
            throws: ConfigurationError(
                "'w' has no tensor '2.bias' for model 'custom': its tensors are 'a.weight', 'a.bias', '2.weight', … (4 in all)"
            )
        ) {
            try file(["a.weight", "a.bias", "2.weight", "other"]).weights(for: model, seed: 1)
        }
    }

    @Test func `frozen parameters are no parameters of the model, and stand among the others again`() throws {
        let patterns = KeyPatterns("a.*")
        let weights = (1...17).map { Float($0) }
        let model = try model().starting(from: weights, seed: 1) { patterns.contains($0) }
        #expect(model.parameterLayout.entries.map(\.name) == ["2.weight", "2.bias"])
        #expect(model.initialWeights(seed: 9) == Array(weights[9...]))
        let moved = [Float](repeating: 0, count: 8)
        #expect(model.frozen?.whole(moved.span) == Array(weights[..<9]) + moved)
        // What a plan computes is what it computes with all of them loaded.
        let (whole, part) = (
            try Plan(self.model(), batch: 1, purpose: .inference), try Plan(model, batch: 1, purpose: .inference)
        )
        try whole.load(weights.span)
        try part.load(weights.span.extracting(9..<17))
        for plan in [whole, part] {
            plan.fill([0.5, -2])
            try plan.forward(1)
        }
        #expect(whole.logits == part.logits)
        #expect(throws: ConfigurationError.self) { try self.model().starting(from: nil, seed: 1) { _ in true } }
    }

    @Test(arguments: [
        ("a.weight", ["a.weight"]), ("*.bias", ["a.bias", "2.bias"]), ("a*,2.b*s", ["a.weight", "a.bias", "2.bias"]),
        ("*e*t", ["a.weight", "2.weight"]),
    ])
    func `a star stands for any characters`(text: String, fitting: [String]) throws {
        let patterns = KeyPatterns(text)
        let names = try model().parameterLayout.entries.map(\.name)
        #expect(names.filter(patterns.contains) == fitting)
        try patterns.check(model().parameterLayout)
    }
}
