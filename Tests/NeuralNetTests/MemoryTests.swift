import FedCore
import NeuralNet
import Testing

struct MemoryTests {
    @Test func `weights, gradients, momentum and activations are counted by hand`() {
        let model = Model(
            name: "m", input: [1, 2, 2], classes: 3,
            layers: [Flatten(), Linear(4, 5), ReLU(), Linear(5, 3)])
        // 43 parameters, three times with momentum; of a sample 4 + 5 + 3 activations, and of gradients at most 5 + 5.
        #expect(model.trainingBytes(batch: 2, moments: 1) == 4 * (3 * 43 + 2 * (12 + 10)))
        #expect(model.trainingBytes(batch: 2, moments: 0) == 4 * (2 * 43 + 2 * (12 + 10)))
        let bytes = model.trainingBytes(batch: 7, moments: 1)
        #expect(model.largestBatch(upTo: 32, within: bytes, moments: 1) == 7)
        #expect(model.largestBatch(upTo: 32, within: bytes - 1, moments: 1) == 6)
        #expect(model.largestBatch(upTo: 5, within: bytes, moments: 1) == 5)
        #expect(model.largestBatch(upTo: 5, within: 100, moments: 1) == 0)
    }

    /// Own kernels fuse pooling with the layer before it, and keep less; others pad, and keep copies in other layouts.
    @Test(arguments: ["edgecnn-large", "simplecnn", "cifar-cnn", "mobilenet-tiny", "edge-mlp", "mobile", "compact"])
    func `what a plan takes is near it`(name: String) throws {
        let model = try Models.standard.named(name)
        for batch in [8, 32] {
            let plan = try Plan(model, batch: batch, purpose: .training)
            let ratio = Double(plan.byteCount) / Double(model.trainingBytes(batch: batch, moments: 1))
            #expect(ratio > 0.5 && ratio < 1.7, "\(name), batch \(batch): \(ratio)")
        }
    }
}
