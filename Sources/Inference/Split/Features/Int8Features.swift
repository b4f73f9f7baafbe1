/// Signed bytes with one scale for each image: a quarter of the bytes. A number is `level · scale` with a level from
/// −127 to 127 and the scale `largest magnitude / 127`.
///
/// A word with the scale (a Float), then four levels in a word, the earlier ones in the lower bits. Levels are rounded
/// to nearest, ties to even, so the error is at most half a scale. Symmetric quantisation, section 2.4.1 of R.
/// Krishnamoorthi, *Quantizing deep convolutional networks for efficient inference: A whitepaper*, 2018,
/// arXiv:1806.08342.
public struct Int8Features: NamedFeatureCodec {
    public static let name = "int8"
    public static let summary = "8 bits with a sign, a scale for each tensor"

    public init() {}

    public func wordCount(elements: Int) -> Int { 1 + (elements + 3) / 4 }

    public func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + wordCount(elements: features.count) <= words.count)
        var largest: Float = 0
        for i in features.indices { largest = max(largest, abs(features[unchecked: i])) }
        if !largest.isFinite { largest = .greatestFiniteMagnitude }
        let scale = largest / 127
        let inverse = scale > 0 ? 1 / scale : 0
        words[start] = scale.bitPattern
        Packing.pack(features.count, into: &words, from: start + 1) { i in
            let level = (features[unchecked: i] * inverse).rounded(.toNearestOrEven)
            return UInt32(truncatingIfNeeded: Int32(max(-127, min(127, level)))) & 0xff
        }
    }

    public func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        precondition(words.count == wordCount(elements: count) && start >= 0 && start + count <= features.count)
        let scale = Float(bitPattern: words[0])
        for i in 0..<count {
            let byte = UInt8(truncatingIfNeeded: words[unchecked: 1 + i / 4] >> UInt32(8 * (i % 4)))
            features[unchecked: start + i] = Float(Int8(bitPattern: byte)) * scale
        }
    }
}

/// Four bytes in a 32-bit word, the first in the low bits: what the 8-bit encodings share.
enum Packing {
    /// Packs bytes into words; bytes of the last word that are left over are zero.
    ///
    /// - Parameters:
    ///   - count: Number of bytes.
    ///   - words: Words to be written, `⌈count / 4⌉` of them.
    ///   - start: Index of the first word.
    ///   - byte: The byte at an index, in the low 8 bits, all others zero. Inlined, so that the loop becomes vector
    ///     code.
    @inline(__always)
    static func pack(
        _ count: Int, into words: inout MutableSpan<UInt32>, from start: Int, _ byte: (Int) -> UInt32
    ) {
        for word in 0..<count / 4 {
            let i = 4 * word
            words[unchecked: start + word] = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24
        }
        guard count % 4 > 0 else { return }
        var last: UInt32 = 0
        for i in 4 * (count / 4)..<count { last |= byte(i) << UInt32(8 * (i % 4)) }
        words[start + count / 4] = last
    }
}
