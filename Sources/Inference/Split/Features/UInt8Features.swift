/// Unsigned bytes between the least and the largest number of each image: a quarter of the bytes. A level from 0 to 255
/// means `least + level · step`.
///
/// Two words with the least number and the step (Floats), then four levels in a word, the earlier ones in the lower
/// bits. All 256 levels are used where numbers have one sign, as behind a ReLU; an input image whose pixels are bytes
/// loses nothing. Asymmetric quantisation, section 2.1 of R. Krishnamoorthi, *Quantizing deep convolutional networks
/// for efficient inference: A whitepaper*, 2018, arXiv:1806.08342.
public struct UInt8Features: NamedFeatureCodec {
    public static let name = "uint8"
    public static let summary = "8 bits without a sign, from the least to the largest of each tensor"

    public init() {}

    public func wordCount(elements: Int) -> Int { 2 + (elements + 3) / 4 }

    public func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + wordCount(elements: features.count) <= words.count)
        var (least, largest) = (Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude)
        for i in features.indices {
            least = min(least, features[unchecked: i])
            largest = max(largest, features[unchecked: i])
        }
        // Both ends halved: their difference may be past the largest number.
        let step = max(0, (largest / 255) - (least / 255))
        let inverse = step > 0 && step.isFinite ? 1 / step : 0
        words[start] = least.bitPattern
        words[start + 1] = step.bitPattern
        let origin = least
        Packing.pack(features.count, into: &words, from: start + 2) { i in
            let level = ((features[unchecked: i] - origin) * inverse).rounded(.toNearestOrEven)
            return UInt32(max(0, min(255, level)))
        }
    }

    public func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        precondition(words.count == wordCount(elements: count) && start >= 0 && start + count <= features.count)
        let least = Float(bitPattern: words[0])
        let step = Float(bitPattern: words[1])
        for i in 0..<count {
            let byte = words[unchecked: 2 + i / 4] >> UInt32(8 * (i % 4)) & 0xff
            features[unchecked: start + i] = least + Float(byte) * step
        }
    }
}
