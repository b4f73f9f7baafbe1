import FedCore
import NeuralNet
import Testing

struct GradientTests {
    /// The loss along a direction in the space of weights, against its slope by the gradient.
    private func expectFiniteDifferencesAgree(_ model: Model, batch: Int, dropout: DropoutKey? = nil) throws {
        let plan = try Plan(hashed: model, batch: batch)
        plan.fill(model.hashedInput(batch: batch))
        let labels = (0..<batch).map { Int32($0 * 7 % model.classes) }
        let weights = model.hashedWeights
        _ = try plan.forwardBackward(labels: labels.span, dropout: dropout)
        let gradients = try plan.gradients

        for entry in model.parameterLayout.entries {
            var direction = [Double](repeating: 0, count: weights.count)
            let raw = hashed(entry.count, salt: 900 + UInt64(entry.offset))
            for (i, value) in zip(entry.range, raw) { direction[i] = Double(value) }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let epsilon = 5e-4
            func loss(_ distance: Double) throws -> Double {
                let moved = zip(weights, direction).map { Float(Double($0) + distance * $1 / length) }
                try plan.load(moved.span)
                return try plan.forwardBackward(labels: labels.span, dropout: dropout).lossSum / Double(batch)
            }
            let slope = try (loss(epsilon) - loss(-epsilon)) / (2 * epsilon)
            let expected = zip(gradients, direction).reduce(0) { $0 + Double($1.0) * $1.1 } / length
            // A loss in floats is good to 2e-7, and its difference over 2ε to 4e-4. The kinks of ReLU and pooling add some.
            let norm = entry.range.reduce(0) { $0 + Double(gradients[$1]) * Double(gradients[$1]) }.squareRoot()
            #expect(abs(slope - expected) < 4e-4 + 2e-2 * norm, "\(entry.name): \(slope) and \(expected)")
        }
    }

    @Test(arguments: Fixture.all.filter { $0.text != nil })
    func `gradients of graphs agree with finite differences`(fixture: Fixture) throws {
        try expectFiniteDifferencesAgree(try fixture.model, batch: 3)
    }

    @Test func `dropout changes nothing for the other readers of its input`() throws {
        let model = try ModelText(
            """
            conv 16 3x3 pad 1, relu as a, dropout 0.5, conv 16 3x3 pad 1 as b, conv 16 1x1 from a, add a b, relu, linear
            """
        ).model(for: DataForm([2, 6, 6], outputs: 3))
        try expectFiniteDifferencesAgree(
            model, batch: 3, dropout: DropoutKey(seed: 3, round: 2, client: 1, step: 0))
    }

    @Test(arguments: [false, true]) func `gradients of a model with exits agree with finite differences`(
        areSeparate: Bool
    ) throws {
        let model = try ModelText(
            """
            conv 16 3x3 pad 1, relu, maxpool 2 as a, linear 3 as e, conv 8 3x3 pad 1 from a, relu as b, linear 3 as f, \
            linear 12 from b, relu, linear 3, mean e f
            """
        ).model(for: DataForm([2, 6, 6], outputs: 3))
        try expectFiniteDifferencesAgree(areSeparate ? model.separatedExits : model, batch: 3)
    }

    @Test(arguments: (Networks.all + Networks.layers).map(\.name))
    func `gradients agree with finite differences`(name: String) throws {
        let model = try #require((Networks.all + Networks.layers).first { $0.name == name })
        try expectFiniteDifferencesAgree(model, batch: 3)
    }

    @Test func `gradients agree with finite differences under dropout between normalisations`() throws {
        let model = Model(
            name: "dropout", input: [2, 8, 8], classes: 4,
            layers: [
                Conv2D(2, 10, kernel: 3, padding: 1), BatchNorm2D(10), ReLU(), Dropout(0.25), MaxPool2D(2),
                Dropout(0.2), BatchNorm2D(10), Flatten(), Linear(160, 4),
            ])
        try expectFiniteDifferencesAgree(
            model, batch: 4, dropout: DropoutKey(seed: 3, round: 2, client: 1, step: 0))
    }

    @Test func `gradients agree with finite differences under dropout behind layers that read their output again`()
        throws
    {
        let images = Model(
            name: "dropout of images", input: [3, 6, 6], classes: 4,
            layers: [
                Conv2D(3, 10, kernel: 3, padding: 1), Activation(.sigmoid), Dropout(0.25), GroupNorm(2, 10),
                Dropout(0.2), AvgPool2D(2), Dropout(0.2), Flatten(), BatchNorm2D(90), Dropout(0.2), LayerNorm(90),
                Dropout(0.3), Linear(90, 12), Activation(.tanh), Dropout(0.5), Linear(12, 4),
            ])
        let sequences = Model(
            name: "dropout of sequences", input: [6, 5], classes: 4,
            layers: [
                LSTM(5, 9, layers: 2), Dropout(0.3), GRU(9, 11, layers: 2), Dropout(0.3), LSTM(11, 8, last: true),
                Dropout(0.3), Linear(8, 4),
            ])
        for model in [images, sequences] {
            try expectFiniteDifferencesAgree(
                model, batch: 4, dropout: DropoutKey(seed: 3, round: 2, client: 1, step: 0))
        }
    }

    @Test func `gradients agree with finite differences under a fixed dropout mask`() throws {
        let model = Model(
            name: "dropout", input: [2, 8, 8], classes: 4,
            layers: [
                Conv2D(2, 10, kernel: 3, padding: 1), ReLU(), MaxPool2D(2), Dropout(0.25), Flatten(), Dropout(0.3),
                Linear(160, 12), ReLU(), Dropout(0.5), Linear(12, 4),
            ])
        try expectFiniteDifferencesAgree(
            model, batch: 4, dropout: DropoutKey(seed: 3, round: 2, client: 1, step: 0))
    }
}
