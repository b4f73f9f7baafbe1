/// The least and the largest of a data set's numbers, all of which are finite. It tells whether the numbers
/// should be scaled.
struct NumberRange: Sendable, Equatable {
    /// Least number; +∞ before the first.
    private(set) var least = Float.infinity
    /// Largest number; −∞ before the first.
    private(set) var largest = -Float.infinity

    /// The range of no numbers.
    init() {}

    init(least: Float, largest: Float) {
        self.least = least
        self.largest = largest
    }

    /// Extends the range to a number.
    mutating func add(_ value: Float) {
        if value < least { least = value }
        if value > largest { largest = value }
    }

    /// Largest distance of a number from 0.
    var extent: Float { max(abs(least), abs(largest)) }

    /// Both ends, e.g. `0 … 255`.
    var description: String { "\(Self.text(least)) … \(Self.text(largest))" }

    /// A number without a decimal point if it is whole.
    static func text(_ value: Float) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

extension MappedFile {
    /// The 32-bit float at a byte offset.
    func float(at offset: Int) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: integer(.uint32, at: offset) ?? 0))
    }

    /// Range of neighbouring numbers.
    ///
    /// - Parameters:
    ///   - format: type of the numbers.
    ///   - offset: byte of the first number.
    ///   - count: number of numbers.
    /// - Returns: the range, or the place of the first number that is NaN or infinite as a 32-bit float.
    /// - Complexity: O(count), vectorised.
    func range(_ format: NumberFormat, at offset: Int, count: Int) -> Result<NumberRange, NotFinite> {
        // A block at a time, so that one loop converts and one measures.
        var floats = [Float](repeating: 0, count: min(count, 1 << 14))
        var range = NumberRange()
        var start = 0
        while start < count {
            let length = min(floats.count, count - start)
            var span = floats.mutableSpan
            readFloats(
                format, at: offset + start * format.size, count: length, dividedBy: 1, into: &span, at: 0)
            var (least, largest) = (Float.infinity, -Float.infinity)
            var wrong: UInt32 = 0
            let values = floats.span
            for i in 0..<length {
                let value = values[unchecked: i]
                // The exponent of what is not finite is all ones: a carry into the sign.
                wrong |= (value.bitPattern & 0x7FFF_FFFF) &+ 0x0080_0000
                least = value < least ? value : least
                largest = value > largest ? value : largest
            }
            if wrong >> 31 != 0, let place = (0..<length).first(where: { !values[$0].isFinite }) {
                return .failure(NotFinite(place: start + place, value: values[place]))
            }
            range.add(least)
            range.add(largest)
            start += length
        }
        return .success(range)
    }

    /// A number that is NaN or infinite.
    struct NotFinite: Error {
        /// Index of the number, from 0.
        let place: Int
        let value: Float
    }
}
