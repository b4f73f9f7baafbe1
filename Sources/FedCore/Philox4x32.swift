import CVectors

/// Philox 4×32 with ten rounds: a keyed bijection of 128-bit counters whose outputs pass as random numbers.
///
/// A block depends on its counter and key alone, so any rank can draw any part of a stream without the parts before it.
/// It passes BigCrush; it is no cipher.
///
/// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011.
public enum Philox4x32 {
    /// The four random words that belong to a counter and a key. Twenty 32-bit multiplications, no memory.
    public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        // In scalars: taking vectors apart and together again in each round would take three times as long.
        var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
        var (first, second) = (key.x, key.y)
        for _ in 0..<10 {
            let left = UInt64(x) &* 0xD251_1F53
            let right = UInt64(z) &* 0xCD9E_8D57
            x = UInt32(truncatingIfNeeded: right >> 32) ^ y ^ first
            y = UInt32(truncatingIfNeeded: right)
            z = UInt32(truncatingIfNeeded: left >> 32) ^ w ^ second
            w = UInt32(truncatingIfNeeded: left)
            first &+= 0x9E37_79B9
            second &+= 0xBB67_AE85
        }
        return SIMD4(x, y, z, w)
    }

    /// The words of consecutive counters, as ``block(counter:key:)`` gives them, eight at a time where the processor can.
    /// - Parameters:
    ///   - counter: that of the first block; its first word must not overflow.
    ///   - key: the key.
    ///   - words: `[blocks × 4]`; of a number of blocks that eight divides.
    ///   - vectors: whether to use the loop for AVX2.
    static func blocks(
        from counter: SIMD4<UInt32>, key: SIMD2<UInt32>, into words: inout MutableSpan<UInt32>,
        vectors: Bool = vectors_are_fast()
    ) {
        precondition(words.count % 32 == 0)
        guard !vectors else {
            let (four, two) = ([counter.x, counter.y, counter.z, counter.w], [key.x, key.y])
            let blocks = words.count / 4
            return words.withUnsafeMutableBufferPointer { vectors_philox(four, two, blocks, $0.baseAddress) }
        }
        var counter = counter
        for start in stride(from: 0, to: words.count, by: 4) {
            let four = block(counter: counter, key: key)
            for k in 0..<4 { words[unchecked: start &+ k] = four[k] }
            counter.x &+= 1
        }
    }
}
