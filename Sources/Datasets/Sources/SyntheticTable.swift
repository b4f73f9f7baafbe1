import FedCore

/// The generator of `synthetic:N`: rows of N numbers of as many devices as the run has clients.
///
/// A row is the centre of its class, drawn once for each class from [−1, 1], plus the bias of its device, drawn once
/// for each device from [−½, ½], plus noise of a row's own with mean 0 and standard deviation 1 (the sum of twelve
/// uniform numbers less 6). Nothing but the centres is kept. Additions of whole multiples of 2⁻¹⁶ only, so rows are the
/// same on every machine. The generator is this project's own.
struct SyntheticTable: Sendable {
    let seed: UInt64
    /// Length of a row.
    let features: Int
    let classes: Int
    /// Number of devices.
    let devices: Int
    // [class, feature]
    private let centres: [Float]

    /// Draws the centres. O(classes · features).
    init(seed: UInt64, features: Int, classes: Int, devices: Int) {
        self.seed = seed
        self.features = features
        self.classes = classes
        self.devices = devices
        var centres: [Float] = []
        centres.reserveCapacity(classes * features)
        for label in 0..<classes {
            // Salt 0 is that of the rows and the devices.
            var random = RandomStream(seed: seed, .synthesis, salt: 1 + label)
            for _ in 0..<features { centres.append(2 * Self.uniform(&random) - 1) }
        }
        self.centres = centres
    }

    /// A number in [0, 1), a multiple of 2⁻¹⁶.
    private static func uniform(_ random: inout RandomStream) -> Float {
        Float(random.nextWord() >> 16) / 65_536
    }

    /// Writes a row of a class and a device to `rows[position ..< position + features]`.
    ///
    /// - Parameter noise: the row's own stream.
    /// - Complexity: O(features), without allocation.
    func draw(
        _ label: Int, device: Int, _ noise: inout RandomStream, into rows: inout MutableSpan<Float>, at position: Int
    ) {
        // Rounds 0 and 1 are those of the splits.
        var bias = RandomStream(seed: seed, .synthesis, round: 2, client: device)
        for feature in 0..<features {
            var sum: Float = -6
            // Two numbers a word.
            for _ in 0..<6 {
                let word = noise.nextWord()
                sum += Float(word >> 16 & 0xFFFF) / 65_536 + Float(word & 0xFFFF) / 65_536
            }
            rows[position + feature] = centres[label * features + feature] + Self.uniform(&bias) - 0.5 + sum
        }
    }
}

/// One split of the generated rows. Those of training lie device by device; those of testing take the devices in
/// turn.
struct SyntheticRows: Dataset {
    let name = SyntheticImages.name
    let table: SyntheticTable
    /// 0 for training, 1 for testing: the random stream's round.
    let split: Int
    let count: Int

    var shape: ImageShape { ImageShape(channels: 1, height: 1, width: table.features) }
    var classes: Int { table.classes }
    let scale: Float = 1

    var origins: SampleOrigins? {
        guard split == 0 else { return nil }
        return SampleOrigins(
            kind: "device", counts: [Int](repeating: count / table.devices, count: table.devices))
    }

    func label(_ sample: Int) -> Int {
        precondition(sample >= 0 && sample < count, "sample \(sample) is outside 0 ..< \(count)")
        return sample % classes
    }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        let size = table.features
        precondition(images.count >= samples.count * size, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        let each = count / table.devices
        for row in samples.indices {
            let sample = Int(samples[row])
            let label = label(sample)
            labels[row] = Int32(label)
            var random = RandomStream(seed: table.seed, .synthesis, round: split, client: sample)
            let device = split == 0 ? sample / each : sample % table.devices
            table.draw(label, device: device, &random, into: &images, at: row * size)
        }
    }
}
