/// The whole numbers modulo a power of two in which vectors are added: how many bits a masked element has on the wire.
///
/// The sum of n terms, each a value of v bits times a weight of w bits, needs v + w + ⌈log₂ n⌉ bits. A ring is made by this rule, so
/// that no sum can wrap around, whatever the values are.
///
/// ```swift
/// let ring = try RingFormat(valueBits: 16, weightBits: 0, clients: 1000)  // 26 bits an element
/// ```
public struct RingFormat: Sendable, Equatable {
    /// Bits of a rounded value with its sign, v; 64 in the exact ring.
    public let valueBits: Int
    /// Weights are 1 … 2ʷ.
    public let weightBits: Int
    /// Clients whose terms a sum has at most.
    public let clients: Int
    /// Bits of an element, 2 … 64.
    public let bits: Int

    /// The ring of 64 bits in which `ExactSum` adds up, by wrapping addition: nothing is rounded for it.
    public static let exact = RingFormat(bits: 64)

    private init(bits: Int) {
        (valueBits, weightBits, clients, self.bits) = (bits, 0, 1, bits)
    }

    /// Makes the smallest ring in which no sum wraps around.
    /// - Parameters:
    ///   - valueBits: 2 … 31; 16 or 8 are usual.
    ///   - weightBits: 0 for terms without weights, otherwise weights up to 2ʷ.
    ///   - clients: terms of a sum at most.
    /// - Throws: ``SecureAggregationError/ringTooSmall(valueBits:weightBits:clients:)`` when that are more than 64 bits.
    public init(valueBits: Int, weightBits: Int, clients: Int) throws(SecureAggregationError) {
        let clientBits = Int.bitWidth - max(clients - 1, 0).leadingZeroBitCount
        guard (2...31).contains(valueBits), (0...62).contains(weightBits), clients >= 1,
            valueBits + weightBits + clientBits <= 64
        else { throw .ringTooSmall(valueBits: valueBits, weightBits: weightBits, clients: clients) }
        (self.valueBits, self.weightBits, self.clients) = (valueBits, weightBits, clients)
        bits = valueBits + weightBits + clientBits
    }

    /// Whether elements are words of 32 bits in memory, for which masks take half as long. Wider ones are words of 64.
    public var isNarrow: Bool { bits <= 32 }

    /// Bytes of so many elements on the wire: 8 each in the exact ring.
    public func packedBytes(count: Int) -> Int { (count * bits + 7) / 8 }

    /// The largest size of a rounded value: 2^(v − 1) − 1, so that zero is a value and signs are alike.
    public var largestStep: Int { 1 << (valueBits - 1) - 1 }

    /// The sum that an element of the ring stands for: its bits as a number with a sign.
    public func sum(of element: UInt64) -> Int64 {
        let unused = UInt64(64 - bits)
        return Int64(bitPattern: element << unused) >> Int64(unused)
    }
}
