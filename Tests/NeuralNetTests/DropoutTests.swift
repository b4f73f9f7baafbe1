import FedCore
import NeuralNet
import Testing

struct DropoutTests {
    private let key = DropoutKey(seed: 5, round: 1, client: 2, step: 3)

    /// A model whose logits are the elements of a dropped-out tensor of ones, in the canonical order.
    private func identity(_ layers: [any Layer], input: Shape, count: Int) -> Model {
        Model(name: "identity", input: input, classes: count, layers: layers + [Flatten(), Linear(count, count)])
    }

    private func logits(
        _ model: Model, count: Int, batch: Int = 1, key: DropoutKey?, samples: Int? = nil
    ) throws -> [Float] {
        let plan = try Plan(model, batch: batch, purpose: .training)
        var weights = [Float](repeating: 0, count: model.parameterCount)
        for entry in model.parameterLayout.entries where entry.name.hasSuffix("weight") {
            if entry.shape == [count, count] {
                for i in 0..<count { weights[entry.offset + i * count + i] = 1 }
            } else {
                for i in entry.range { weights[i] = 1 }
            }
        }
        try plan.load(weights.span)
        plan.fill([Float](repeating: 1, count: batch * model.input.count))
        let labels = [Int32](repeating: 0, count: samples ?? batch)
        _ = try plan.forwardBackward(labels: labels.span, dropout: key)
        return Array(plan.logits.prefix(labels.count * count))
    }

    @Test(arguments: [0.25, 0.5, 0.1, 0.333])
    func `elements are dropped at the rate, and the others scaled by its complement`(rate: Double) throws {
        let model = identity([Dropout(rate)], input: [500], count: 500)
        let values = try logits(model, count: 500, batch: 40, key: key)
        let kept = Float(1 / (1 - rate))
        #expect(values.allSatisfy { $0 == 0 || $0 == kept })
        let n = Double(values.count)
        let dropped = Double(values.count { $0 == 0 }) / n
        #expect(abs(dropped - rate) < 4 * (rate * (1 - rate) / n).squareRoot())
    }

    @Test func `the mask is one of the elements, whatever their layout`() throws {
        let flat = try logits(identity([Dropout(0.5)], input: [180], count: 180), count: 180, key: key)
        // Twenty channels lie in blocks.
        let blocked = try logits(
            identity([Conv2D(1, 20, kernel: 1), Dropout(0.5)], input: [1, 3, 3], count: 180), count: 180, key: key)
        #expect(flat == blocked)
    }

    @Test func `the mask of a sample does not depend on how many follow it`() throws {
        let model = identity([Dropout(0.3)], input: [50], count: 50)
        let three = try logits(model, count: 50, batch: 8, key: key, samples: 3)
        let eight = try logits(model, count: 50, batch: 8, key: key)
        #expect(three == Array(eight.prefix(150)))
    }

    @Test func `each step, client, round and seed draws other masks, and each key its own`() throws {
        let model = identity([Dropout(0.5)], input: [100], count: 100)
        let keys = [
            key, DropoutKey(seed: 5, round: 1, client: 2, step: 4), DropoutKey(seed: 5, round: 1, client: 3, step: 3),
            DropoutKey(seed: 5, round: 2, client: 2, step: 3), DropoutKey(seed: 6, round: 1, client: 2, step: 3),
        ]
        let masks = try keys.map { try logits(model, count: 100, key: $0) }
        #expect(Set(masks).count == keys.count)
        #expect(try logits(model, count: 100, key: key) == masks[0])
    }

    @Test func `two layers draw different masks`() throws {
        let model = identity([Dropout(0.5), Dropout(0.5)], input: [2000], count: 2000)
        let values = try logits(model, count: 2000, key: key)
        // Kept by both: a quarter; were the masks equal, a half.
        #expect(abs(Double(values.count { $0 != 0 }) / 2000 - 0.25) < 4 * (0.1875 / 2000).squareRoot())
    }

    @Test func `evaluation drops nothing`() throws {
        let model = identity([Dropout(0.5)], input: [30], count: 30)
        #expect(try logits(model, count: 30, key: nil) == [Float](repeating: 1, count: 30))
        let plan = try Plan(hashed: .simpleCNN, batch: 2)
        let inference = try Plan(hashed: .simpleCNN, batch: 2, purpose: .inference)
        let labels: [Int32] = [1, 2]
        for plan in [plan, inference] { plan.fill(Model.simpleCNN.hashedInput(batch: 2)) }
        let undropped = try plan.evaluate(labels: labels.span)
        #expect(try plan.forwardBackward(labels: labels.span, dropout: key) != undropped)
        #expect(try plan.evaluate(labels: labels.span) == undropped)
        #expect(relativeError(undropped.lossSum, try inference.evaluate(labels: labels.span).lossSum) < 1e-6)
    }
}
