import FedCore

/// The code of dense places, where b is 0: without low bits it is a mask, a one for each number that is left out and a
/// zero for each place, up to the last place. So it can be written and read 64 numbers at a time.
extension GolombPlaces {
    /// Writes places.
    /// - Parameters:
    ///   - places: ascending, at least one.
    ///   - start: index of the first byte of the mask.
    /// - Returns: index of the byte behind it.
    static func writeMask(_ places: Span<UInt32>, into bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        var (byte, word, index) = (start, UInt64.max, UInt32(0))
        for i in 0..<places.count {
            let place = places[unchecked: i]
            while place >> 6 != index {
                bytes.put(UInt32(truncatingIfNeeded: word), at: byte)
                bytes.put(UInt32(truncatingIfNeeded: word >> 32), at: byte + 4)
                (byte, word, index) = (byte + 8, .max, index + 1)
            }
            word &= ~(1 &<< UInt64(place & 63))
        }
        // What fills the last byte is zeros.
        let bits = Int(places[places.count - 1] & 63) + 1
        word &= .max >> UInt64(64 - bits)
        for i in 0..<(bits + 7) / 8 { bytes[byte + i] = UInt8(truncatingIfNeeded: word >> UInt64(8 * i)) }
        return byte + (bits + 7) / 8
    }

    /// Reads places.
    /// - Parameters:
    ///   - bytes: the whole encoding, which is not trusted.
    ///   - start: index of the first byte of the mask.
    ///   - count: of how many numbers the places are.
    ///   - number: how many places, 1 … `count`.
    /// - Returns: the places, and the index of the byte behind the mask.
    /// - Throws: `CodecError` when the bytes end before, the last byte is not filled with zeros, or a place is too large.
    static func readMask(
        _ bytes: Span<UInt8>, at start: Int, of count: Int, number: Int
    ) throws(CodecError) -> (places: [UInt32], end: Int) {
        var memory = [UInt32](repeating: 0, count: number)
        var places = memory.mutableSpan
        var (byte, next) = (start, 0)
        while next < number {
            guard byte < bytes.count else { throw CodecError("ends within its places") }
            // Bytes that are missing have no place.
            var zeros: UInt64 = 0
            for i in 0..<min(8, bytes.count - byte) { zeros |= UInt64(~bytes[byte + i]) &<< UInt64(8 * i) }
            let first = UInt32(truncatingIfNeeded: 8 * (byte - start))
            if zeros.nonzeroBitCount <= number - next {
                while zeros != 0 {
                    places[unchecked: next] = first &+ UInt32(truncatingIfNeeded: zeros.trailingZeroBitCount)
                    zeros &= zeros &- 1
                    next &+= 1
                }
            } else {
                while next < number {
                    places[unchecked: next] = first &+ UInt32(truncatingIfNeeded: zeros.trailingZeroBitCount)
                    zeros &= zeros &- 1
                    next &+= 1
                }
            }
            byte += 8
        }
        let last = Int(places[number - 1])
        let end = start + last / 8 + 1
        guard last < count else { throw CodecError("has a place behind the last number") }
        guard Int(bytes[end - 1]) >> (last % 8 + 1) == 0 else { throw CodecError("ends within its places") }
        return (memory, end)
    }
}
