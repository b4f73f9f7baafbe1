import FedCore
import NeuralNet
import Testing

struct ModelTests {
    @Test(arguments: [
        ("edgecnn-large", 214_538), ("edgecnn-medium", 101_146), ("edgecnn-small", 50_890), ("logistic", 7_850),
        ("simplecnn", 1_199_882), ("edgecnn-bn", 214_730), ("cifar-cnn", 1_626_442),
        ("mobilenet-tiny", 10_474 + 432), ("resnet18", 11_173_962 + 9_600), ("resnet18-gn", 11_173_962),
        ("femnist-cnn", 6_603_710), ("char-lstm", 819_920), ("edge-mlp", 1_754), ("tinyml", 698), ("compact", 4_522),
        ("mobile", 13_130), ("heterofl-cnn", 1_556_874), ("edgecnn-exits", 146_504),
    ])
    func `parameter counts are exact`(name: String, count: Int) throws {
        #expect(try Models.standard.named(name).parameterCount == count)
    }

    @Test func `models take the shape and the classes of the data`() throws {
        func count(_ name: String, _ input: Shape, _ outputs: Int) throws -> Int {
            try Models.standard.named(name, for: DataForm(input, outputs: outputs)).trainedParameterCount
        }
        #expect(try count("mobilenet-tiny", [1, 28, 28], 10) == 10_330)
        // As in torchvision with num_classes=100 and a 3×3 stem: 90 more rows of 513.
        #expect(try count("resnet18", [3, 64, 64], 100) == 11_173_962 + 90 * 513)
        #expect(try count("logistic", [1, 1, 20], 3) == 63)
        #expect(try count("cifar-cnn", [1, 28, 28], 10) == 1_199_882)
        #expect(
            throws: ConfigurationError(
                "model 'edgecnn-large', layer 2: MaxPool2D 2×2 takes images of at least 2×2 pixels, not 16×1×20; samples "
                    + "are rows of 20 numbers, for which there are --model edge-mlp, tinyml, compact, mobile, logistic or "
                    + "layers such as \"linear 16, relu, linear\"")
        ) { try count("edgecnn-large", [1, 1, 20], 3) }
    }

    @Test func `the cut of edgecnn-large leaves 205,632 parameters on the device and 128 features to send`() {
        let model = Model.edgeCNNLarge
        #expect(model.deviceParameters == 205_632)
        #expect(model.serverParameters == 8_906)
        #expect(model.features == [128])
    }

    @Test func `a model that is not cut runs on the server`() {
        #expect(Model.logistic.deviceParameters == 0)
        #expect(Model.logistic.serverParameters == 7_850)
        #expect(Model.logistic.features == nil)
    }

    @Test func `the layout has PyTorch's keys and shapes`() {
        let entries = Model.edgeCNNLarge.parameterLayout.entries
        #expect(
            entries.map(\.name) == [
                "0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "7.bias", "9.weight", "9.bias", "11.weight",
                "11.bias",
            ])
        #expect(entries[2].shape == [32, 16, 3, 3])
        #expect(entries[4].shape == [128, 1568])
        #expect(entries[4].offset == 160 + 4_640)
    }

    @Test func `the layout of recurrent layers has PyTorch's keys and shapes`() {
        let model = Model(
            name: "characters", input: [80], classes: 80,
            layers: [Embedding(80, 8), LSTM(8, 256, layers: 2, last: true), Linear(256, 80)])
        let entries = model.parameterLayout.entries
        #expect(
            entries.map(\.name) == [
                "0.weight", "1.weight_ih_l0", "1.weight_hh_l0", "1.bias_ih_l0", "1.bias_hh_l0", "1.weight_ih_l1",
                "1.weight_hh_l1", "1.bias_ih_l1", "1.bias_hh_l1", "2.weight", "2.bias",
            ])
        #expect(entries[1].shape == [1024, 8])
        #expect(entries[5].shape == [1024, 256])
        // 80·8 + 1024·(8 + 256) + 2048 + 1024·512 + 2048 + 256·80 + 80
        #expect(model.parameterCount == 819_920)
        // 80 steps of 1024·(8 + 256 + 512), and 256·80; two operations each.
        #expect(model.forwardFlops == 2 * (80 * 1024 * 776 + 256 * 80))
    }

    @Test func `an embedding begins with standard normal numbers, a recurrent layer within the bounds of its state`() {
        let embedding = Model(
            name: "vectors", input: [1], classes: 100, layers: [Embedding(500, 100), Flatten()])
        let weights = embedding.initialWeights(seed: 3).map(Double.init)
        let mean = weights.reduce(0, +) / 50_000
        let variance = weights.reduce(0) { $0 + $1 * $1 } / 50_000
        // Five standard errors: 1/√50000, √2/√50000.
        #expect(abs(mean) < 0.0224)
        #expect(abs(variance - 1) < 0.0316)
        #expect(weights.contains { abs($0) > 3 })
        let recurrent = Model(name: "recurrent", input: [2, 3], classes: 16, layers: [GRU(3, 16, last: true)])
        let largest = recurrent.initialWeights(seed: 3).reduce(0) { max($0, abs($1)) }
        #expect(largest < 0.25 && largest > 0.24)
    }

    @Test func `the layout of edgecnn-bn says what is trained, what is a statistic, and what normalises`() {
        let layout = Model.edgeCNNBN.parameterLayout
        // The keys of PyTorch's state_dict without num_batches_tracked.
        #expect(
            layout.entries.map(\.name) == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "4.weight", "4.bias",
                "5.weight", "5.bias", "5.running_mean", "5.running_var", "9.weight", "9.bias", "11.weight", "11.bias",
                "13.weight", "13.bias",
            ])
        #expect(layout.entries.map(\.layer) == [0, 0, 1, 1, 1, 1, 4, 4, 5, 5, 5, 5, 9, 9, 11, 11, 13, 13])
        #expect(layout.ranges { $0.role == .statistic } == [192..<224, 4_928..<4_992])
        #expect(layout.ranges(where: \.isNormalization) == [160..<224, 4_864..<4_992])
        #expect(Model.edgeCNNBN.trainedParameterCount == 214_634)
        #expect(Model.edgeCNNBN.deviceParameters == 205_824)
        #expect(Model.edgeCNNBN.features == [128])
    }

    @Test func `a model without normalisation is all trained`() {
        let model = Model.edgeCNNLarge
        #expect(model.trainedParameterCount == model.parameterCount)
        #expect(model.parameterLayout.ranges(where: \.isNormalization) == [])
    }

    @Test func `a normalisation begins as the identity`() {
        let layout = Model.edgeCNNBN.parameterLayout
        let weights = Model.edgeCNNBN.initialWeights(seed: 1)
        let first: [String: Float] = ["weight": 1, "bias": 0, "running_mean": 0, "running_var": 1]
        for entry in layout.entries where entry.isNormalization {
            let expected = first[String(entry.name.split(separator: ".")[1])]
            #expect(weights[entry.range].allSatisfy { $0 == expected }, "\(entry.name)")
        }
    }

    @Test func `shapes and FLOPs of edgecnn-large are those counted by hand`() {
        let summary = Model.edgeCNNLarge.summary
        #expect(
            summary.map(\.output.description).prefix(7) == [
                "16×28×28", "16×28×28", "16×14×14", "32×14×14", "32×14×14", "32×7×7", "1568",
            ])
        // 2 · 28² · 16 · 9, 2 · 14² · 32 · 16 · 9, 2 · 1568 · 128
        #expect(summary[0].forwardFlops == 225_792)
        #expect(summary[3].forwardFlops == 1_806_336)
        #expect(summary[7].forwardFlops == 401_408)
        #expect(Model.edgeCNNLarge.forwardFlops == 2_451_200)
        #expect(Model.edgeCNNLarge.trainingFlops == 7_127_808)
    }

    @Test func `an unknown model lists the catalog`() {
        #expect(
            throws: ConfigurationError(
                "unknown model 'perceptron'; choose one of: \(Models.standard.names.joined(separator: ", "))")
        ) {
            try Models.standard.named("perceptron")
        }
    }

    @Test func `initial weights are uniform within one over the root of the fan-in`() {
        let model = Model.edgeCNNLarge
        let weights = model.initialWeights(seed: 7)
        let fanIns = [9, 9, 144, 144, 1568, 1568, 128, 128, 64, 64]
        for (entry, fanIn) in zip(model.parameterLayout.entries, fanIns) {
            let values = weights[entry.range].map { Double($0) * Double(fanIn).squareRoot() }
            #expect(values.allSatisfy { abs($0) <= 1 }, "\(entry.name)")
            guard entry.count > 500 else { continue }
            let mean = values.reduce(0, +) / Double(entry.count)
            let variance = values.reduce(0) { $0 + $1 * $1 } / Double(entry.count)
            // Five standard errors: √(1/3n) of the mean, √(4/45n) of the variance.
            #expect(abs(mean) < 5 / (3 * Double(entry.count)).squareRoot(), "\(entry.name)")
            #expect(abs(variance - 1.0 / 3) < 5 * (4 / (45 * Double(entry.count))).squareRoot(), "\(entry.name)")
        }
    }

    @Test func `initial weights depend on the seed alone`() {
        #expect(Model.logistic.initialWeights(seed: 1) == Model.logistic.initialWeights(seed: 1))
        #expect(Model.logistic.initialWeights(seed: 1) != Model.logistic.initialWeights(seed: 2))
    }
}
