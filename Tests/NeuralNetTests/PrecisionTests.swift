import FedCore
import NeuralNet
import Testing

/// Plans that multiply brain floats, where the processor does.
struct PrecisionTests {
    /// A brain float has 8 bits of fraction, so that rounding one changes it by 2⁻⁹ at most; a gradient has gone through
    /// several layers, each of which rounds, and a maximum that was close may be another one.
    private static let tolerance = 0.08

    @Test(.enabled(if: OneDNNLibrary.multipliesBrainFloats), arguments: Fixture.all)
    func `losses and gradients are those of PyTorch in single precision, but for rounding`(fixture: Fixture) throws {
        let model = try fixture.model
        let plan = try Plan(hashed: model, batch: fixture.batch, precision: .brainFloat)
        plan.fill(model.hashedInput(batch: fixture.batch))
        let result = try plan.forwardBackward(labels: fixture.labels.span)
        let losses = try #require(fixture.trained["momentum, weight decay"]).losses
        #expect(relativeError(result.lossSum / Double(fixture.batch), losses[0]) < Self.tolerance)
        #expect(relativeError(plan.logits, fixture.logits) < Self.tolerance)
        let gradients = try plan.gradients
        // Of all gradients together: one that is nearly zero has lost its digits.
        var (error, norm) = (0.0, 0.0)
        for entry in model.parameterLayout.entries where entry.role == .trained {
            let expected = try #require(fixture.gradients[entry.name])
            for (place, value) in zip(
                stride(from: entry.range.lowerBound, to: entry.range.upperBound, by: expected.step), expected.values)
            {
                error += (Double(gradients[place]) - value) * (Double(gradients[place]) - value)
                norm += value * value
            }
        }
        #expect((error / norm).squareRoot() < Self.tolerance)
    }

    @Test(.enabled(if: OneDNNLibrary.multipliesBrainFloats))
    func `convolutions and linear layers are in brain floats, weights are not`() throws {
        let model = try Models.standard.named("edgecnn-large")
        let plan = try Plan(model, batch: 4, purpose: .training, precision: .brainFloat)
        #expect(plan.implementations.contains { $0.contains("bf16") })
        #expect(!plan.implementations.contains { $0.hasPrefix("ref") })
        // 1 + 2⁻²⁰ is no brain float: `store` gives it back only if weights are kept in single precision.
        let weights = [Float](repeating: 1 + 0x1p-20, count: model.parameterCount)
        try plan.load(weights.span)
        var stored = [Float](repeating: 0, count: weights.count)
        var span = stored.mutableSpan
        try plan.store(into: &span)
        #expect(stored == weights)
    }

    @Test(.enabled(if: !OneDNNLibrary.multipliesBrainFloats))
    func `a processor without them is told of`() {
        let error = #expect(throws: ConfigurationError.self) { try Precision.brainFloat.requireProcessor() }
        #expect(error?.description.hasPrefix("--precision bf16 needs a processor with AVX512-BF16 or AMX") == true)
    }

    @Test func `every processor has single precision`() throws {
        try Precision.single.requireProcessor()
    }
}
