import Cryptography
public import Datasets
import FedCore

extension Dataset {
    /// Images that the digest covers, evenly spaced among all.
    private static var digestedImages: Int { 1_000 }
    /// Labels that the digest covers: all, up to four million.
    private static var digestedLabels: Int { 1 << 22 }

    /// Digests the split as a model sees it: shape, classes, labels or targets, and a thousand images.
    ///
    /// Not all images are read, so that a data set of gigabytes is summarised in milliseconds; that a file was
    /// exchanged or shuffled shows all the same, in the labels.
    /// - Complexity: 4 bytes for each label, and up to a thousand images read: milliseconds.
    public func summarized() -> DataSummary {
        var hash = DigestWriter()
        for number in [1, count, shape.channels, shape.height, shape.width, classes] {
            hash.add(UInt32(truncatingIfNeeded: number))
        }
        for name in classNames { hash.add(name) }
        let labels = min(count, Self.digestedLabels)
        for i in 0..<labels { hash.add(UInt32(truncatingIfNeeded: label(i * count / labels))) }
        if !task.hasClasses {
            forEachTargets(of: (0..<labels).lazy.map { $0 * count / labels }) { targets in
                for i in targets.indices { hash.add(targets[i].bitPattern) }
            }
        }
        var (least, largest) = (Float.infinity, -Float.infinity)
        let images = min(count, Self.digestedImages)
        forEachImage(of: (0..<images).lazy.map { $0 * count / images }) { image in
            for i in image.indices {
                hash.add(image[i].bitPattern)
                least = min(least, image[i])
                largest = max(largest, image[i])
            }
        }
        return DataSummary(sha256: hash.finish(), least: least, largest: largest)
    }
}

/// What tells a split from others, and the range of its numbers.
public struct DataSummary: Sendable, Equatable {
    /// SHA-256 in hexadecimal: equal where shape, classes and their names, every label and a thousand evenly spaced
    /// images are.
    ///
    /// It is taken over these bytes, numbers little-endian: as UInt32 each, `1` (the version of this layout), samples,
    /// channels, height, width, classes; for each class name the length of its UTF-8 as UInt32, and the bytes; each
    /// label as UInt32 (beyond 2²² samples that many, evenly spaced), and of data without classes each target as Float32;
    /// the images' numbers as Float32, of the samples ⌊i
    /// · n / m⌋ for i < m = min(n, 1000).
    public let sha256: String
    /// The least number of these images.
    public let least: Float
    /// The largest number of these images.
    public let largest: Float
}

/// SHA-256 over words and texts. Collects 64 KiB before it hashes, because a call for each word would cost more than
/// the hash.
private struct DigestWriter: ~Copyable {
    private var hash = SHA256()
    /// Words in the order of bytes that the digest is taken over.
    private var block: [UInt32] = []

    private static let blockWords = 1 << 14

    init() { block.reserveCapacity(Self.blockWords) }

    /// Adds a word, little-endian, whatever the host.
    mutating func add(_ word: UInt32) {
        block.append(word.littleEndian)
        if block.count == Self.blockWords { flush() }
    }

    /// Adds a text behind its length in bytes, so that two texts cannot be taken for one.
    mutating func add(_ text: String) {
        add(UInt32(truncatingIfNeeded: text.utf8.count))
        flush()
        hash.update(Array(text.utf8))
    }

    /// Hashes what has been collected.
    private mutating func flush() {
        let words = block
        hash.update(words.span.bytes)
        block = []
        block.reserveCapacity(Self.blockWords)
    }

    /// The hash in hexadecimal.
    consuming func finish() -> String {
        flush()
        return hash.finalize().hexadecimal
    }
}
