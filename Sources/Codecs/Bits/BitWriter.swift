/// Writes numbers of a few bits each, the low bits first, into bytes that the caller keeps.
///
/// ```swift
/// var writer = BitWriter(at: 5)
/// writer.put(3, bits: 2, into: &bytes)
/// let end = writer.finish(&bytes)
/// ```
struct BitWriter {
    /// Index of the next byte to be written.
    private var place: Int
    /// Bits that have not been written, the first of them lowest.
    private var held: UInt64 = 0
    /// How many those are, below 32 between calls.
    private var count = 0

    /// Begins at a byte.
    init(at place: Int) { self.place = place }

    /// Writes the low bits of a number.
    /// - Parameters:
    ///   - value: below 2^`bits`.
    ///   - bits: 0 … 32.
    ///   - bytes: has room for them.
    @inline(__always)
    mutating func put(_ value: UInt32, bits: Int, into bytes: inout MutableSpan<UInt8>) {
        held |= UInt64(value) &<< UInt64(count)
        count &+= bits
        guard count >= 32 else { return }
        bytes.put(UInt32(truncatingIfNeeded: held), at: place)
        held &>>= 32
        count &-= 32
        place &+= 4
    }

    /// Writes so many ones and a zero.
    mutating func putUnary(_ value: Int, into bytes: inout MutableSpan<UInt8>) {
        var rest = value
        while rest >= 24 {
            put(0xff_ffff, bits: 24, into: &bytes)
            rest &-= 24
        }
        put(1 &<< UInt32(rest) &- 1, bits: rest &+ 1, into: &bytes)
    }

    /// Fills the last byte with zeros.
    /// - Returns: index of the byte behind it.
    mutating func finish(_ bytes: inout MutableSpan<UInt8>) -> Int {
        while count > 0 {
            bytes[place] = UInt8(truncatingIfNeeded: held)
            held &>>= 8
            count &-= 8
            place &+= 1
        }
        return place
    }
}
