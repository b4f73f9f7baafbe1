import FedCore
import NeuralNet
import Testing

/// Models of fewer channels as parts of a wider one.
@Suite struct SubmodelTests {
    /// The network of Flower's HeteroFL baseline for MNIST: four convolutions, each with a normalisation that has a scale
    /// and a shift for each channel, and a linear layer.
    static func heteroFL() throws -> Model {
        try Models.standard.named("heterofl-cnn")
    }

    /// baselines/heterofl/README.md of Flower: the models a to e, and the means over mixed clients.
    @Test func `HeteroFL's five models have the published numbers of parameters`() throws {
        let model = try Self.heteroFL()
        let counts = try [1, 0.5, 0.25, 0.125, 0.0625].map { share in
            try model.narrowed(to: model.widths.map { Int(share * Double($0)) }).parameterCount
        }
        #expect(counts == [1_556_874, 391_370, 98_922, 25_274, 6_594])
        #expect((counts[0] + counts[4]) / 2 == 781_734)
        #expect((Double(counts.reduce(0, +)) / 5).rounded() == 415_807)
    }

    @Test func `Groups that do not divide a narrowed layer's channels are refused`() throws {
        let error = #expect(throws: ConfigurationError.self) { try Self.heteroFL().narrowed(to: [6, 8, 8, 8]) }
        #expect(
            error?.description
                == "heterofl-cnn has a normalisation in 4 groups, which do not divide 6 channels alike")
    }

    /// A convolution 1→2 of 1×1 (weights 0 1, biases 2 3), a normalisation (4 5, 6 7), 2×1 pixels as four features, a
    /// linear layer 4→3 (weights 8 to 19, biases 20 21 22), one 3→2 (23 to 28, 29 30).
    @Test func `The second channel, and the first and third feature, have these places`() throws {
        let model = try ModelText("conv 2 1x1, groupnorm 1, linear 3, relu, linear").model(
            for: DataForm([1, 2, 1], outputs: 2))
        #expect(model.parameterCount == 31)
        let places = model.places(keeping: [[1..<2], [0..<1, 2..<3]])
        // Rows 0 and 2 of the linear layer are 8 to 11 and 16 to 19; the second channel's pixels are its features 2, 3.
        #expect(
            places.flatMap { Array($0) } == [1, 3, 5, 7, 10, 11, 18, 19, 20, 22, 23, 25, 26, 28, 29, 30])
        #expect(try places.reduce(0) { $0 + $1.count } == model.narrowed(to: [1, 2]).parameterCount)
    }

    @Test func `All channels are all places, in one range`() throws {
        let model = try Self.heteroFL()
        #expect(model.places(keeping: model.widths.map { [0..<$0] }) == [0..<model.parameterCount])
    }

    /// Half of (3, 4) outputs are (2, 2): the first rows, and of the next layer the first columns.
    @Test func `A nested model has the first outputs, and a text by which it is found again`() throws {
        let model = try ModelText("linear 3, relu, linear 4 no-bias, relu, linear", name: "mine").model(
            for: DataForm([1, 1, 2], outputs: 1))
        #expect(model.parameterCount == 26)
        let half = try TrainedModel(model, weights: (0..<26).map { Float($0) }).nested(0.5)
        #expect(half.weights == [0, 1, 2, 3, 6, 7, 9, 10, 12, 13, 21, 22, 25])
        #expect(half.model.text == "mine-2-2: linear 2, relu, linear 2 no-bias, relu, linear")
        #expect(
            try Models.standard.named(half.model.text, for: model.form).parameterLayout == half.model.parameterLayout)
    }
}
