/// Philox 4×32 with ten rounds: a keyed bijection of 128-bit counters whose outputs pass as random numbers.
///
/// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011.
public enum Philox4x32 {
    public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var state = counter
        var key = key
        for _ in 0..<10 {
            let first = UInt64(state.x) * 0xD251_1F53
            let second = UInt64(state.z) * 0xCD9E_8D57
            state = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ state.y ^ key.x,
                UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ state.w ^ key.y,
                UInt32(truncatingIfNeeded: first))
            key.x &+= 0x9E37_79B9
            key.y &+= 0xBB67_AE85
        }
        return state
    }
}
