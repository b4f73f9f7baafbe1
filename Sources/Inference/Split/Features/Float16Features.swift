import FedCore

/// Half precision (IEEE 754 binary16), half the bytes: two numbers in a word, the earlier one in the low half, rounded
/// to nearest, ties to even.
///
/// Numbers beyond ±65,504, the largest finite half, are sent as that, and NaN, too: an infinity would make scores NaN.
public struct Float16Features: NamedFeatureCodec {
    public static let name = "f16"
    public static let summary = "half precision"

    public init() {}

    public func wordCount(elements: Int) -> Int { (elements + 1) / 2 }

    public func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + wordCount(elements: features.count) <= words.count)
        for i in 0..<features.count / 2 {
            let low = HalfPrecision.saturatingBits(features[unchecked: 2 * i])
            words[unchecked: start + i] = low | HalfPrecision.saturatingBits(features[unchecked: 2 * i + 1]) << 16
        }
        if features.count % 2 == 1 {
            words[start + features.count / 2] = HalfPrecision.saturatingBits(features[features.count - 1])
        }
    }

    public func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        precondition(words.count == wordCount(elements: count) && start >= 0 && start + count <= features.count)
        for i in 0..<count / 2 {
            features[unchecked: start + 2 * i] = HalfPrecision.finiteValue(words[unchecked: i] & 0xffff)
            features[unchecked: start + 2 * i + 1] = HalfPrecision.finiteValue(words[unchecked: i] >> 16)
        }
        if count % 2 == 1 { features[start + count - 1] = HalfPrecision.finiteValue(words[count / 2] & 0xffff) }
    }
}
