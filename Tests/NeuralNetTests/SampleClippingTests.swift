import FedCore
import NeuralNet
import Testing

/// Gradients that are clipped sample by sample, against gradients of one sample at a time, which `PyTorchTests` compares with
/// PyTorch's.
struct SampleClippingTests {
    /// Every model without batch normalisation, which mixes samples.
    static let fixtures = Fixture.all.filter { fixture in
        (try? fixture.model.parameterLayout.entries.allSatisfy { $0.role == .trained }) == true
    }

    @Test func `the fixtures are found`() {
        #expect(Self.fixtures.count >= 25 && Fixture.samples.count == Self.fixtures.count)
    }

    @Test(arguments: fixtures, [1, 3])
    func `lengths and sums are those of single samples`(fixture: Fixture, missing: Int) throws {
        let model = try fixture.model
        // One sample fewer than the plan takes, and fewer still.
        let (batch, count) = (fixture.batch + 1, max(1, fixture.batch + 1 - missing))
        let singles = try Self.singleGradients(model, batch: batch, count: count, fixture.labels)
        let plan = try Plan(model, batch: batch, purpose: .training, clipsSamples: true)
        try plan.load(model.hashedWeights.span)
        plan.fill(model.hashedInput(batch: batch))
        let layers = Self.layers(of: model)
        // A full pass before leaves nothing behind.
        for labels in [fixture.labels, fixture.labels].map({ Array($0.prefix(count)) }) {
            _ = try plan.forwardBackward(labels: labels.span)
        }
        let squares = plan.squaredSampleNorms
        for (row, layer) in layers.enumerated() {
            for sample in 0..<count {
                let expected = singles[sample].norm(of: layer, in: model)
                #expect(
                    abs(Double(squares[row][sample]).squareRoot() - expected) <= 1e-4 * expected + 1e-6,
                    "layer \(layer), sample \(sample)")
            }
        }
        let lengths = singles.map { gradient in
            layers.reduce(0) { $0 + gradient.norm(of: $1, in: model) * gradient.norm(of: $1, in: model) }.squareRoot()
        }
        // Between the shortest and the longest.
        let bound = Float(lengths.reduce(0, +) / Double(count))
        let within = try plan.clipGradients(to: .flat(bound))
        #expect(within == lengths.filter { $0 <= Double(bound) }.count || count == 1)
        var expected = [Double](repeating: 0, count: model.parameterCount)
        for (gradient, length) in zip(singles, lengths) {
            let factor = min(1, Double(bound) / length)
            for i in expected.indices { expected[i] += factor * Double(gradient[i]) }
        }
        #expect(Self.distance(try plan.gradients, expected) < 1e-4)

        _ = try plan.forwardBackward(labels: Array(fixture.labels.prefix(count)).span)
        try plan.clipGradients(to: .perLayer(bound))
        expected = [Double](repeating: 0, count: model.parameterCount)
        for gradient in singles {
            for layer in layers {
                let part = Double(bound) / Double(layers.count).squareRoot()
                let factor = min(1, part / gradient.norm(of: layer, in: model))
                for entry in model.parameterLayout.entries where entry.layer == layer {
                    for i in entry.range { expected[i] += factor * Double(gradient[i]) }
                }
            }
        }
        #expect(Self.distance(try plan.gradients, expected) < 1e-4)
    }

    @Test(arguments: fixtures)
    func `lengths and the clipped sum agree with PyTorch's gradients of single samples`(fixture: Fixture) throws {
        let expected = try #require(Fixture.samples.first { $0.name == fixture.name })
        let model = try fixture.model
        let plan = try Plan(model, batch: fixture.batch, purpose: .training, clipsSamples: true)
        try plan.load(model.hashedWeights.span)
        plan.fill(model.hashedInput(batch: fixture.batch))
        _ = try plan.forwardBackward(labels: fixture.labels.span)
        let entries = model.parameterLayout.entries
        for (row, layer) in Self.layers(of: model).enumerated() {
            let name = try #require(entries.first { $0.layer == layer }).name
            let lengths = try #require(expected.lengths[String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])])
            for (square, length) in zip(plan.squaredSampleNorms[row], lengths) {
                #expect(abs(Double(square).squareRoot() - length) <= 1e-4 * length + 1e-6, "\(name)")
            }
        }
        #expect(try plan.clipGradients(to: .flat(Float(expected.bound))) == expected.within)
        let clipped = try plan.gradients
        for entry in entries {
            let sum = try #require(expected.clipped[entry.name])
            let isNothing = sum.norm < 1e-5
            #expect(isNothing || relativeError(Array(clipped[entry.range]), sum) < 1e-4, "\(entry.name)")
        }
    }

    @Test func `a clipped sample is never longer than the bound`() throws {
        let model = Networks.layers[0]
        let plan = try Plan(model, batch: 1, purpose: .training, clipsSamples: true)
        try plan.load(model.hashedWeights.span)
        plan.fill(model.hashedInput(batch: 1))
        let labels: [Int32] = [1]
        for bound: Float in [1e-6, 1e-3, 0.5, 1e3] {
            _ = try plan.forwardBackward(labels: labels.span)
            try plan.clipGradients(to: .flat(bound))
            let length = try plan.gradients.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(length <= Double(bound))
        }
    }

    @Test func `a sample whose gradient is no number counts for nothing`() throws {
        let model = Networks.layers[0]
        let plan = try Plan(model, batch: 2, purpose: .training, clipsSamples: true)
        try plan.load(model.hashedWeights.span)
        var images = model.hashedInput(batch: 2)
        images[0] = .nan
        plan.fill(images)
        let labels: [Int32] = [1, 2]
        _ = try plan.forwardBackward(labels: labels.span)
        try plan.clipGradients(to: .flat(1))
        let length = try plan.gradients.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(length > 0 && length <= 1)
    }

    /// The length of the difference, over that of what is expected.
    private static func distance(_ values: [Float], _ expected: [Double]) -> Double {
        let difference = zip(values, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        return (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    /// The numbers of the layers with parameters, ascending.
    private static func layers(of model: Model) -> [Int] { Set(model.parameterLayout.entries.map(\.layer)).sorted() }

    /// The gradient of each sample's own loss, by a plan for one sample.
    private static func singleGradients(
        _ model: Model, batch: Int, count: Int, _ labels: [Int32]
    ) throws -> [[Float]] {
        let single = try Plan(hashed: model, batch: 1)
        let input = model.hashedInput(batch: batch)
        let size = input.count / batch
        return try (0..<count).map { sample in
            single.fill(Array(input[sample * size..<(sample + 1) * size]))
            let label = [labels[sample]]
            _ = try single.forwardBackward(labels: label.span)
            return try single.gradients
        }
    }
}

extension [Float] {
    /// The length of a layer's part of a gradient.
    fileprivate func norm(of layer: Int, in model: Model) -> Double {
        model.parameterLayout.entries.filter { $0.layer == layer }.reduce(0.0) { sum, entry in
            sum + self[entry.range].reduce(0.0) { $0 + Double($1) * Double($1) }
        }.squareRoot()
    }
}
