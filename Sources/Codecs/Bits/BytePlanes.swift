/// The bytes of Floats by their significance: all highest bytes first, then the next, to the lowest.
enum BytePlanes {
    /// Writes the bytes of each number, plane by plane. O(count).
    /// - Parameter planes: at least 4 bytes a number.
    static func split(_ numbers: Span<Float>, into planes: inout MutableSpan<UInt8>) {
        let count = numbers.count
        precondition(planes.count >= 4 * count)
        for i in 0..<count {
            let bits = numbers[unchecked: i].bitPattern
            planes[unchecked: i] = UInt8(truncatingIfNeeded: bits >> 24)
            planes[unchecked: count &+ i] = UInt8(truncatingIfNeeded: bits >> 16)
            planes[unchecked: 2 &* count &+ i] = UInt8(truncatingIfNeeded: bits >> 8)
            planes[unchecked: 3 &* count &+ i] = UInt8(truncatingIfNeeded: bits)
        }
    }

    /// Puts the bytes together again. O(count).
    /// - Parameter planes: at least 4 bytes for each number that is asked for.
    static func join(_ planes: Span<UInt8>, into numbers: inout MutableSpan<Float>) {
        let count = numbers.count
        precondition(planes.count >= 4 * count)
        for i in 0..<count {
            let high = UInt32(planes[unchecked: i]) << 24 | UInt32(planes[unchecked: count &+ i]) << 16
            let low = UInt32(planes[unchecked: 2 &* count &+ i]) << 8 | UInt32(planes[unchecked: 3 &* count &+ i])
            numbers[unchecked: i] = Float(bitPattern: high | low)
        }
    }
}
