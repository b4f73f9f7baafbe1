/// A 64-bit hash that is the same in every process and on every machine, unlike the standard library's `Hasher`. It
/// finds accidental differences; it is no protection against forgery.
///
/// FNV-1a with 64 bits, of G. Fowler, L. C. Noll and K.-P. Vo: http://www.isthe.com/chongo/tech/comp/fnv/
public struct StableHash: Sendable {
    /// The hash of what was added so far.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// The hash of nothing.
    public init() {}

    /// Adds a byte.
    public mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// Adds eight bytes, the low one first.
    public mutating func add(_ number: Int) {
        var bits = UInt64(bitPattern: Int64(number))
        for _ in 0..<8 {
            add(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }

    /// Adds a text's length and its UTF-8.
    public mutating func add(_ text: String) {
        add(text.utf8.count)
        for byte in text.utf8 { add(byte) }
    }
}
