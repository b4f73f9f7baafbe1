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
}
