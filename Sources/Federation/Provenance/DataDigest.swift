import Cryptography
public import Datasets

extension Dataset {
    /// Images that the digest is over, evenly spaced among all.
    private static var digestedImages: Int { 1_000 }
    /// Labels that it is over: all, unless there are more.
    private static var digestedLabels: Int { 1 << 22 }

    /// Looks at the split as a model sees it. 4 bytes a label and some megabytes: milliseconds.
    public func summarized() -> DataSummary {
        var hash = DigestWriter()
        for number in [1, count, shape.channels, shape.height, shape.width, classes] {
            hash.add(UInt32(truncatingIfNeeded: number))
        }
        for name in classNames { hash.add(name) }
        let labels = min(count, Self.digestedLabels)
        for i in 0..<labels { hash.add(UInt32(truncatingIfNeeded: label(i * count / labels))) }
        var image = [Float](repeating: 0, count: shape.count)
        var one: [Int32] = [0]
        var (least, largest) = (Float.infinity, -Float.infinity)
        let images = min(count, Self.digestedImages)
        for i in 0..<images {
            let samples = [UInt32(i * count / images)]
            var imageSpan = image.mutableSpan
            var labelSpan = one.mutableSpan
            read(samples.span, into: &imageSpan, labels: &labelSpan)
            for value in image {
                hash.add(value.bitPattern)
                least = min(least, value)
                largest = max(largest, value)
            }
        }
        return DataSummary(sha256: hash.finish(), least: least, largest: largest)
    }
}

/// What tells a split from others.
public struct DataSummary: Sendable, Equatable {
    /// In hexadecimal: equal where shape, classes and their names, every label and a thousand evenly spaced images are.
    ///
    /// The bytes, numbers little-endian: of 32 bits `1` (the form), the samples, channels, height, width, classes; of each
    /// class's name its length in UTF-8 and its bytes; each label in 32 bits (of more than 2²² samples, so many evenly
    /// spaced); the images' numbers as 32-bit floats, of the samples ⌊i · n / m⌋ for i < m = min(n, 1000).
    public let sha256: String
    /// The least and the largest number of these images.
    public let least: Float
    public let largest: Float
}

/// A hash of words and texts, in blocks.
private struct DigestWriter: ~Copyable {
    private var hash = SHA256()
    private var block: [UInt8] = []

    private static let blockBytes = 1 << 16

    mutating func add(_ word: UInt32) {
        block.append(UInt8(truncatingIfNeeded: word))
        block.append(UInt8(truncatingIfNeeded: word >> 8))
        block.append(UInt8(truncatingIfNeeded: word >> 16))
        block.append(UInt8(truncatingIfNeeded: word >> 24))
        if block.count >= Self.blockBytes { flush() }
    }

    mutating func add(_ text: String) {
        add(UInt32(truncatingIfNeeded: text.utf8.count))
        block += text.utf8
    }

    private mutating func flush() {
        hash.update(block)
        block.removeAll(keepingCapacity: true)
    }

    consuming func finish() -> String {
        flush()
        return hash.finalize().hexadecimal
    }
}
