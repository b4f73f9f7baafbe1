/// A 64-bit hash that is the same in every process and on every machine, unlike the standard library's `Hasher`, which
/// is seeded anew in each process. It tells caches and checkpoints of different settings apart; it is no protection
/// against forgery, for which there is SHA-256.
///
/// FNV-1a with 64 bits, of G. Fowler, L. C. Noll and K.-P. Vo: http://www.isthe.com/chongo/tech/comp/fnv/
public struct StableHash: Sendable {
    /// The hash of everything added so far; it is final at any time.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The hash of nothing.
    public init() {}

    /// Adds a byte.
    public mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// Adds a number as eight bytes, the low one first.
    public mutating func add(_ number: Int) {
        var bits = UInt64(bitPattern: Int64(number))
        for _ in 0..<8 {
            add(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }

    /// Adds a text as its length and its UTF-8, so that "a", "bc" and "ab", "c" differ.
    public mutating func add(_ text: String) {
        add(text.utf8.count)
        for byte in text.utf8 { add(byte) }
    }
}
