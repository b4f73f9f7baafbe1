import FedCore
import Testing

@testable import Datasets

@Suite struct SyntheticImagesTests {
    private func open(
        _ choice: String = "synthetic", seed: UInt64 = 1, clients: Int = 5, each: Int = 600
    ) throws -> DatasetPair {
        var options = DatasetOptions()
        options.seed = seed
        options.clients = clients
        options.samplesPerClient = each
        return try Datasets.standard.open(choice, options: options)
    }

    @Test func holdsSamplesForEveryClient() throws {
        let pair = try open(clients: 70, each: 1000)
        #expect(pair.train.count == 70_000)
        #expect(pair.test.count == 10_000)
        #expect(pair.train.shape == ImageShape(channels: 1, height: 28, width: 28))
        #expect(pair.train.classes == 10)
        #expect(try open(clients: 1, each: 1).test.count == 1000)
    }

    @Test func anyNumberOfSamplesCostsNothing() throws {
        let train = try open(clients: 1_000_000, each: 4000).train
        #expect(train.count == 4_000_000_000)
        #expect(train.read([3_999_999_999]).labels == [9])
    }

    @Test func aSampleIsTheSameInAnyBatch() throws {
        let train = try open().train
        let (batch, labels) = train.read([7, 2999, 0, 7])
        #expect(labels == [7, 9, 0, 7])
        for (row, sample) in [7, 2999, 0, 7].enumerated() {
            #expect(Array(batch[row * 784..<(row + 1) * 784]) == train.read([UInt32(sample)]).images)
        }
        #expect(try open().train.read([7]).images == train.read([7]).images)
    }

    @Test func samplesSplitsAndSeedsDiffer() throws {
        let pair = try open()
        let images = [
            pair.train.read([0]).images, pair.train.read([10]).images, pair.test.read([0]).images,
            try open(seed: 2).train.read([0]).images,
        ]
        #expect(Set(images).count == 4)
    }

    @Test func pixelsFillTheUnitInterval() throws {
        let images = try open().train.read((0..<200).map { UInt32($0) }).images
        #expect(images.allSatisfy { $0 >= 0 && $0 <= 1 })
        #expect(images.min() ?? 1 < 0.1 && images.max() ?? 0 > 0.9)
    }

    @Test func labelsAreBalanced() throws {
        var counts = [Int](repeating: 0, count: 10)
        for label in try open().train.labels() { counts[Int(label)] += 1 }
        #expect(counts.allSatisfy { $0 == 300 })
    }

    @Test(arguments: [("synthetic:3x32x32", 3, 32, 32), ("synthetic:1x1x1", 1, 1, 1), ("synthetic:2x5x63", 2, 5, 63)])
    func hasTheShapeAskedFor(choice: String, channels: Int, height: Int, width: Int) throws {
        let train = try open(choice).train
        #expect(train.shape == ImageShape(channels: channels, height: height, width: width))
        #expect(train.read([1, 2]).images.allSatisfy { $0 >= 0 && $0 <= 1 })
    }

    @Test(arguments: ["", "28x28", "1x28x28x1", "0x28x28", "1x-1x28", "1x28x2000", "axbxc"])
    func aShapeThatMakesNoSenseIsRefused(shape: String) {
        #expect(throws: ConfigurationError.self) { try open("synthetic:" + shape) }
    }

    @Test func aNumberAloneIsTheLengthOfARow() throws {
        let pair = try open("synthetic:32", clients: 3, each: 400)
        #expect(pair.train.shape == ImageShape(channels: 1, height: 1, width: 32) && pair.train.scale == 1)
        #expect(pair.train.count == 1200 && pair.test.count == 1000 && pair.train.classes == 10)
        #expect(pair.train.origins == SampleOrigins(kind: "device", counts: [400, 400, 400]))
        #expect(pair.test.origins == nil)
        #expect(pair.train.read([7, 0]).images == pair.train.read([7]).images + pair.train.read([0]).images)
        #expect(pair.train.read([0]).images != pair.test.read([0]).images)
    }

    // The mean of 400 rows of one device has a standard error of 1/20 of the noise: devices are told apart.
    @Test func devicesHaveABiasOfTheirOwn() throws {
        let train = try open("synthetic:32", clients: 2, each: 400).train
        func means(_ samples: Range<UInt32>) -> [Float] {
            let rows = train.read(Array(samples)).images
            return (0..<32).map { feature in
                stride(from: feature, to: rows.count, by: 32).reduce(0) { $0 + rows[$1] } / Float(samples.count)
            }
        }
        let (first, again, second) = (means(0..<200), means(200..<400), means(400..<800))
        func distance(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 32 }
        #expect(distance(first, again) < 0.15)
        #expect(distance(first, second) > 0.2)
    }

    @Test func rowsCanBeLearntAndClassesCounted() throws {
        var options = DatasetOptions()
        options.named = ["classes": "4"]
        let pair = try Datasets.standard.open("synthetic:32", options: options)
        #expect(pair.train.classes == 4 && pair.train.label(6) == 2)
        #expect(LogisticModel.accuracy(on: pair, epochs: 2, learningRate: 0.02) > 0.7)
        #expect(try Datasets.standard.open("synthetic", options: options).train.classes == 4)
    }

    @Test func countsThatMakeNoSenseAreRefused() {
        #expect(throws: ConfigurationError.self) { try open(clients: 0) }
        #expect(throws: ConfigurationError.self) { try open(each: 0) }
        #expect(throws: ConfigurationError.self) { try open(clients: 1 << 20, each: 1 << 12) }
        #expect(throws: ConfigurationError.self) { try open(clients: .max, each: .max) }
    }

    @Test func aLogisticModelLearnsThemButNotPerfectly() throws {
        let accuracy = LogisticModel.accuracy(on: try open(each: 500), epochs: 2, learningRate: 0.02)
        #expect(accuracy > 0.9)
        #expect(accuracy < 0.99)
    }
}
