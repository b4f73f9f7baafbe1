/// Reads what a ``BitWriter`` has written. Behind the end it reads zeros, and says so once it is asked (``isValid``):
/// so a loop over damaged bytes ends, and needs no check for each number.
struct BitReader {
    /// Index of the next byte to be read.
    private var place: Int
    /// Bits that have been read and not given, the next of them lowest.
    private var held: UInt64 = 0
    /// How many those are.
    private var count = 0
    /// Bytes behind the end that were read as zeros.
    private var beyond = 0

    /// Begins at a byte.
    init(at place: Int) { self.place = place }

    /// Whether no more bits were given than there are.
    var isValid: Bool { 8 * beyond <= count }

    /// Reads a number.
    /// - Parameters:
    ///   - bits: 0 … 32.
    ///   - bytes: the whole encoding.
    @inline(__always)
    mutating func take(_ bits: Int, of bytes: Span<UInt8>) -> UInt32 {
        fill(bytes)
        let value = UInt32(truncatingIfNeeded: held & (1 &<< UInt64(bits) &- 1))
        held &>>= UInt64(bits)
        count &-= bits
        return value
    }

    /// Counts ones up to a zero, which is taken as well.
    /// - Returns: the number of ones; nil when there are more than `limit`, or the bytes end.
    mutating func takeUnary(atMost limit: Int, of bytes: Span<UInt8>) -> Int? {
        var total = 0
        while true {
            fill(bytes)
            let ones = min((~held).trailingZeroBitCount, count)
            total &+= ones
            guard total <= limit, isValid else { return nil }
            if ones < count {
                held &>>= UInt64(ones &+ 1)
                count &-= ones &+ 1
                return total
            }
            (held, count) = (0, 0)
        }
    }

    /// Ends the reading.
    /// - Returns: index of the byte behind the last one that has given a bit; nil when the bytes have ended before, or
    ///   the bits that fill the last byte are not zero.
    func end() -> Int? {
        guard isValid, held & (1 &<< UInt64(count & 7) &- 1) == 0 else { return nil }
        return place &- (count &- 8 &* beyond) / 8
    }

    /// Reads bytes until 32 bits are held.
    @inline(__always)
    private mutating func fill(_ bytes: Span<UInt8>) {
        while count < 33 {
            if place < bytes.count {
                held |= UInt64(bytes[place]) &<< UInt64(count)
                place &+= 1
            } else {
                beyond &+= 1
            }
            count &+= 8
        }
    }
}
