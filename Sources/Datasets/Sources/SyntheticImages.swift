public import FedCore

/// Images generated from the seed as they are read: any number of them, and no storage. For tests,
/// demonstrations and measurements of scaling, where a real data set would be in the way.
///
/// Each class has a few prototypes, smooth random fields. A sample is one of its class's prototypes, shifted by
/// up to 2 pixels and dimmed, overlaid with a fainter prototype of any class, plus uniform noise. A linear
/// model gets most of them right, a convolutional one more. The generator is this project's own.
///
/// Written `synthetic` or `synthetic:CxHxW`, or `synthetic:N` for rows of N numbers (`SyntheticTable`), with options
/// `classes` and `seed`. There are `clients × samplesPerClient` training samples, and a
/// sixth as many test samples, but from 1,000 to 10,000.
public struct SyntheticImages: DatasetSource {
    public static let name = "synthetic"
    public static let usage = "[:CxHxW|N]"
    public static let summary = """
        generated images, 1x28x28 unless said, or rows of N numbers with a bias for each device; as many as the \
        clients need; options seed (the run's), classes (10)
        """

    /// Largest extent of each dimension.
    static let largestSide = 1024

    public static let isMade = true

    /// Largest number of classes.
    private static let mostClasses = 1000

    private let shape: ImageShape
    /// Whether a sample is a row of numbers and no image.
    private let isTable: Bool
    private let seed: UInt64?
    /// Number of classes; sample i is of class i modulo it.
    private let classes: Int

    /// Takes the shape of the images, `1x28x28` by default, or the length of a row, and options `seed` and `classes`.
    ///
    /// - Throws: `ConfigurationError` when the shape is not `CxHxW` with extents of 1 to 1,024.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        let text = argument ?? "1x28x28"
        if let features = Int(text), (1...Self.largestSide * Self.largestSide).contains(features) {
            shape = ImageShape(channels: 1, height: 1, width: features)
            isTable = true
        } else if let shape = ImageShape(text, largestSide: Self.largestSide) {
            self.shape = shape
            isTable = false
        } else {
            throw ConfigurationError(
                "'\(text)' is no image shape; write CxHxW with sides of 1 to \(Self.largestSide), e.g. 3x32x32, or the "
                    + "length of a row of numbers, e.g. 32")
        }
        seed = try TableForm.seed(&options)
        classes = try options.integer("classes", default: 10, "from 2 to \(Self.mostClasses)") {
            (2...Self.mostClasses).contains($0)
        }
    }

    /// Draws the prototypes; no image is made yet.
    ///
    /// - Throws: `ConfigurationError` when there would be no sample, or more than 2³² − 1.
    /// - Complexity: O(shape.count).
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        guard options.clients >= 1 else {
            throw ConfigurationError("clients must be at least 1, not \(options.clients)")
        }
        guard options.samplesPerClient >= 1 else {
            throw ConfigurationError("samples per client must be at least 1, not \(options.samplesPerClient)")
        }
        let (trainCount, overflows) = options.clients.multipliedReportingOverflow(by: options.samplesPerClient)
        guard !overflows, trainCount <= Int(UInt32.max) else {
            throw ConfigurationError(
                "\(options.clients) clients of \(options.samplesPerClient) samples are more than 2^32 - 1 samples")
        }
        let seed = seed ?? options.seed
        let testCount = min(10_000, max(1_000, trainCount / 6))
        if isTable {
            let table = SyntheticTable(seed: seed, features: shape.width, classes: classes, devices: options.clients)
            return DatasetPair(
                train: SyntheticRows(table: table, split: 0, count: trainCount),
                test: SyntheticRows(table: table, split: 1, count: testCount))
        }
        let prototypes = Prototypes(seed: seed, shape: shape, classes: classes)
        return DatasetPair(
            train: SyntheticSplit(seed: seed, split: 0, count: trainCount, prototypes: prototypes),
            test: SyntheticSplit(seed: seed, split: 1, count: testCount, prototypes: prototypes))
    }
}

/// One split of the generated images; its values are the seed, the prototypes and a number of samples.
private struct SyntheticSplit: Dataset {
    let name = SyntheticImages.name
    /// Seed of the images.
    let seed: UInt64
    /// 0 for training, 1 for testing: the random stream's round, so that the two splits draw different images
    /// from the same prototypes.
    let split: Int
    let count: Int
    let prototypes: Prototypes

    var shape: ImageShape { prototypes.shape }
    var classes: Int { prototypes.classes }

    func label(_ sample: Int) -> Int {
        precondition(sample >= 0 && sample < count, "sample \(sample) is outside 0 ..< \(count)")
        return sample % classes
    }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        let size = shape.count
        precondition(images.count >= samples.count * size, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        for row in samples.indices {
            let sample = Int(samples[row])
            let label = label(sample)
            labels[row] = Int32(label)
            var random = RandomStream(seed: seed, .synthesis, round: split, client: sample)
            prototypes.draw(label, &random, into: &images, at: row * size)
        }
    }
}
