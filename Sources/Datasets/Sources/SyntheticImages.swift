import FedCore

/// Images made from the seed as they are read: any number of them, and no storage.
///
/// Each class has a few prototypes, smooth random fields. A sample is one of its class's prototypes, shifted by up to
/// 3 pixels and dimmed, overlaid with a fainter prototype of any class, plus uniform noise. A linear model gets most
/// of them right, a convolutional one more.
public enum SyntheticImages: DatasetSource {
    public static let name = "synthetic"
    public static let usage = "[:CxHxW]"
    public static let summary = "generated images, 10 classes, 1x28x28 unless said; as many as the clients need"

    static let classes = 10
    /// Largest extent of each dimension.
    static let largestSide = 1024

    public static func open(_ argument: String?, options: DatasetOptions) throws -> DatasetPair {
        let shape = try parse(argument ?? "1x28x28")
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
        let prototypes = Prototypes(seed: options.seed, shape: shape, classes: classes)
        let testCount = min(10_000, max(1_000, trainCount / 6))
        return DatasetPair(
            train: SyntheticSplit(seed: options.seed, split: 0, count: trainCount, prototypes: prototypes),
            test: SyntheticSplit(seed: options.seed, split: 1, count: testCount, prototypes: prototypes))
    }

    private static func parse(_ text: String) throws(ConfigurationError) -> ImageShape {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 3, sides.allSatisfy({ (1...largestSide).contains($0) }) else {
            throw ConfigurationError(
                "'\(text)' is no image shape; write CxHxW with sides of 1 to \(largestSide), e.g. 3x32x32")
        }
        return ImageShape(channels: sides[0], height: sides[1], width: sides[2])
    }
}

/// One split of the generated images.
private struct SyntheticSplit: Dataset {
    let name = SyntheticImages.name
    let seed: UInt64
    /// The stream's round: the two splits draw different images from the same prototypes.
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
        precondition(images.count == samples.count * size, "images must be [\(samples.count), \(shape)]")
        precondition(labels.count == samples.count, "as many labels as samples")
        for row in samples.indices {
            let sample = Int(samples[row])
            let label = label(sample)
            labels[row] = Int32(label)
            var random = RandomStream(seed: seed, .synthesis, round: split, client: sample)
            prototypes.draw(label, &random, into: &images, at: row * size)
        }
    }
}

/// The smooth random fields that samples are made of.
private struct Prototypes: Sendable {
    /// Prototypes of each class.
    static let variants = 3
    /// Largest shift, in pixels; each prototype is wider by this on every side.
    static let margin = 3
    /// Pixels from one random value of a field to the next; between them it is linear.
    static let spacing = 5

    let shape: ImageShape
    let classes: Int
    private let paddedWidth: Int
    private let paddedPlane: Int
    // [class, variant, channel, height + 2 margin, width + 2 margin]
    private let fields: [UInt8]

    init(seed: UInt64, shape: ImageShape, classes: Int) {
        self.shape = shape
        self.classes = classes
        let height = shape.height + 2 * Self.margin
        let width = shape.width + 2 * Self.margin
        paddedWidth = width
        paddedPlane = height * width
        var fields: [UInt8] = []
        fields.reserveCapacity(classes * Self.variants * shape.channels * height * width)
        for prototype in 0..<classes * Self.variants {
            // Salt 0 is that of the samples.
            var random = RandomStream(seed: seed, .synthesis, salt: 1 + prototype)
            for _ in 0..<shape.channels { Self.appendField(height, width, &random, to: &fields) }
        }
        self.fields = fields
    }

    /// Random bytes on a grid, bilinear between them; in whole numbers, so that it is the same on every processor.
    private static func appendField(
        _ height: Int, _ width: Int, _ random: inout RandomStream, to fields: inout [UInt8]
    ) {
        let columns = (width - 1) / spacing + 2
        let rows = (height - 1) / spacing + 2
        let grid = (0..<rows * columns).map { _ in Int(random.nextWord() >> 24) }
        for y in 0..<height {
            let (top, down) = (y / spacing * columns, y % spacing)
            for x in 0..<width {
                let (left, right) = (top + x / spacing, x % spacing)
                let above = grid[left] * (spacing - right) + grid[left + 1] * right
                let below = grid[left + columns] * (spacing - right) + grid[left + columns + 1] * right
                fields.append(UInt8((above * (spacing - down) + below * down) / (spacing * spacing)))
            }
        }
    }

    /// Writes one sample of a class to `image[position ..< position + shape.count]`.
    func draw(_ label: Int, _ random: inout RandomStream, into image: inout MutableSpan<Float>, at position: Int) {
        let own = start(of: label, &random)
        let other = start(of: random.integer(below: classes), &random)
        // Together below 256, so that a sum of bytes so weighted stays below 2¹⁶.
        let ownWeight = 96 + random.integer(below: 64)
        let otherWeight = random.integer(below: 80)
        // Noise first, into the image itself: four pixels a word.
        fillWithNoise(&random, &image, at: position)
        let fields = fields.span
        for channel in 0..<shape.channels {
            for y in 0..<shape.height {
                let row = channel * paddedPlane + y * paddedWidth
                let target = position + (channel * shape.height + y) * shape.width
                blend(fields, own + row, ownWeight, other + row, otherWeight, &image, at: target)
            }
        }
    }

    /// Where in `fields` a random variant of the class begins, at a random shift.
    private func start(of label: Int, _ random: inout RandomStream) -> Int {
        let variant = random.integer(below: Self.variants)
        let down = random.integer(below: 2 * Self.margin + 1)
        let right = random.integer(below: 2 * Self.margin + 1)
        return (label * Self.variants + variant) * shape.channels * paddedPlane + down * paddedWidth + right
    }

    private func fillWithNoise(_ random: inout RandomStream, _ image: inout MutableSpan<Float>, at position: Int) {
        var pixel = position
        let end = position + shape.count
        while pixel < end {
            var word = random.nextWord()
            for _ in 0..<min(4, end - pixel) {
                image[pixel] = Float(word & 0xFF)
                word >>= 8
                pixel += 1
            }
        }
    }

    /// One row: image = (weighted fields + 3/8 noise, at most 255) / 255.
    private func blend(
        _ fields: Span<UInt8>, _ own: Int, _ ownWeight: Int, _ other: Int, _ otherWeight: Int,
        _ image: inout MutableSpan<Float>, at target: Int
    ) {
        let width = shape.width
        precondition(own + width <= fields.count && other + width <= fields.count && target + width <= image.count)
        let (a, b) = (Float(ownWeight) / 256, Float(otherWeight) / 256)
        for x in 0..<width {
            let field = a * Float(fields[unchecked: own + x]) + b * Float(fields[unchecked: other + x])
            let value = field + 0.375 * image[unchecked: target + x]
            image[unchecked: target + x] = min(value, 255) * (1 / 255)
        }
    }
}
