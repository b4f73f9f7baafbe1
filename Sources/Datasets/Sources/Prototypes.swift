import FedCore

/// The smooth random fields from which ``SyntheticImages`` mixes its samples: bytes `[class, variant, channel,
/// height + 2 margin, width + 2 margin]`.
///
/// The fields are kept, the samples are not: a sample is drawn anew each time it is read, from a random stream
/// of its own.
struct Prototypes: Sendable {
    /// Number of prototypes of each class.
    static let variants = 2
    /// Largest shift of a sample, in pixels; each prototype is wider by this on every side.
    static let margin = 2
    /// Distance in pixels from one random value of a field to the next; between them the field is linear.
    static let spacing = 7

    /// Shape of one sample.
    let shape: ImageShape
    let classes: Int
    private let paddedWidth: Int
    private let paddedPlane: Int
    // [class, variant, channel, height + 2 margin, width + 2 margin]
    private let fields: [UInt8]

    /// Draws the fields, each from a stream of its own.
    ///
    /// - Complexity: O(classes · variants · shape.count), 1 byte a pixel.
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

    /// Random bytes on a grid, bilinear between them; in whole numbers, so that it is the same on every
    /// processor.
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

    /// Writes one sample of a class to `image[position ..< position + shape.count]`, as floats in [0, 1].
    ///
    /// - Parameters:
    ///   - label: the class, in 0 ..< classes.
    ///   - random: the sample's own stream, so that it is the same whenever it is read.
    ///   - image: the batch `[samples, channels, height, width]`.
    ///   - position: index of the sample's first element.
    /// - Complexity: O(shape.count), without allocation.
    func draw(_ label: Int, _ random: inout RandomStream, into image: inout MutableSpan<Float>, at position: Int) {
        let own = start(of: label, &random)
        let other = start(of: random.integer(below: classes), &random)
        // Together below 256, so that a sum of bytes so weighted stays below 2¹⁶.
        let ownWeight = 96 + random.integer(below: 64)
        let otherWeight = random.integer(below: 96)
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

    /// Index in `fields` at which a random variant of the class begins, at a random shift.
    private func start(of label: Int, _ random: inout RandomStream) -> Int {
        let variant = random.integer(below: Self.variants)
        let down = random.integer(below: 2 * Self.margin + 1)
        let right = random.integer(below: 2 * Self.margin + 1)
        return (label * Self.variants + variant) * shape.channels * paddedPlane + down * paddedWidth + right
    }

    /// Uniform noise of 0 … 255 for each pixel.
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
