/// Half precision (IEEE 754 binary16), two in a word, the earlier one in the low half: rounded to the nearest, ties to
/// even. What is above 65,504 is sent as that, because an infinity would make the scores no numbers.
public struct Float16Features: FeatureCodec {
    public static let name = "f16"
    public static let summary = "half precision"

    public init() {}

    public func wordCount(elements: Int) -> Int { (elements + 1) / 2 }

    public func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + wordCount(elements: features.count) <= words.count)
        for i in 0..<features.count / 2 {
            let low = Self.half(features[unchecked: 2 * i])
            words[unchecked: start + i] = low | Self.half(features[unchecked: 2 * i + 1]) << 16
        }
        if features.count % 2 == 1 { words[start + features.count / 2] = Self.half(features[features.count - 1]) }
    }

    public func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        precondition(words.count == wordCount(elements: count) && start >= 0 && start + count <= features.count)
        for i in 0..<count / 2 {
            features[unchecked: start + 2 * i] = Self.single(words[unchecked: i] & 0xffff)
            features[unchecked: start + 2 * i + 1] = Self.single(words[unchecked: i] >> 16)
        }
        if count % 2 == 1 { features[start + count - 1] = Self.single(words[count / 2] & 0xffff) }
    }

    // In whole numbers without branches, which the compiler makes vectors of: `Float16` is a call for each number where
    // the processor's conversion may not be taken for granted.

    @inline(__always)
    private static func half(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        let sign = bits >> 16 & 0x8000
        let magnitude = min(bits & 0x7fff_ffff, 0x477f_e000)  // 65,504; also what is no number
        // Below 2⁻¹⁴ a half has fixed steps of 2⁻²⁴: adding 0.5 rounds to them, for a step of a Float there is as long.
        let small = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3f00_0000
        let large = (magnitude &+ 0xfff &+ (magnitude >> 13 & 1)) >> 13 &- 0x1_c000
        return sign | (magnitude < 0x3880_0000 ? small : large)
    }

    @inline(__always)
    private static func single(_ half: UInt32) -> Float {
        // Moves the exponent by a multiplication, which makes numbers of the small ones, too.
        let magnitude = Float(bitPattern: (half & 0x7fff) << 13) * 0x1p112
        return Float(bitPattern: magnitude.bitPattern | (half & 0x8000) << 16)
    }
}
