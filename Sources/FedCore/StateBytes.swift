/// Writes what a part of the server remembers as words of 64 bits, little-endian. Tables are written in the order of the
/// clients, so that equal states have equal bytes.
package struct StateWriter {
    private var words: [UInt64] = []

    package init() {}

    /// What has been written. O(words).
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8 * words.count)
        var data = bytes.mutableSpan
        for i in words.indices {
            for byte in 0..<8 { data[8 * i + byte] = UInt8(truncatingIfNeeded: words[i] >> (8 * UInt64(byte))) }
        }
        return bytes
    }

    package mutating func write(_ number: UInt64) { words.append(number) }

    package mutating func write(_ number: Int) { write(UInt64(number)) }

    package mutating func write(_ number: Double) { write(number.bitPattern) }

    /// Writes 1 and the number, or 0 for nil.
    package mutating func write(_ number: Double?) {
        write(number == nil ? 0 : 1)
        if let number { write(number) }
    }

    /// Writes numbers, two in a word; how many is not written. O(numbers).
    package mutating func write(_ numbers: [Float]) {
        words.reserveCapacity(words.count + (numbers.count + 1) / 2)
        for i in stride(from: 0, to: numbers.count, by: 2) {
            let next = i + 1 < numbers.count ? UInt64(numbers[i + 1].bitPattern) : 0
            words.append(UInt64(numbers[i].bitPattern) | next << 32)
        }
    }

    /// Writes a table by client: the number of entries, then each client and what `writeValue` writes. O(n log
    /// n).
    package mutating func write<Value>(_ table: [Int: Value], _ writeValue: (Value, inout StateWriter) -> Void) {
        write(table.count)
        for (client, value) in table.sorted(by: { $0.key < $1.key }) {
            write(client)
            writeValue(value, &self)
        }
    }
}

/// Reads what ``StateWriter`` wrote, from bytes that may be anything: a checkpoint may be damaged or another
/// part's. Every number is checked against a range, and no length is believed.
package struct StateReader {
    /// The range of the finite numbers.
    package static let finite = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    private let bytes: [UInt8]
    private let owner: String
    private var position = 0

    /// Starts at the first byte.
    ///
    /// - Parameters:
    ///   - bytes: the state.
    ///   - owner: whose state it should be, for error messages, e.g. `selection 'oort'`.
    package init(_ bytes: [UInt8], of owner: String) {
        self.bytes = bytes
        self.owner = owner
    }

    /// The error for bytes that the owner has not written.
    package var refusal: ConfigurationError {
        ConfigurationError("\(owner) cannot take back a state of \(bytes.count) bytes: it is not its own")
    }

    /// The next 64 bits.
    package mutating func word() throws(ConfigurationError) -> UInt64 {
        guard bytes.count - position >= 8 else { throw refusal }
        defer { position += 8 }
        return bytes[position..<position + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The next word as a whole number.
    ///
    /// - Throws: ``refusal`` when it is not in the range, or there is no further word; so do the other reads.
    package mutating func integer(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let number = Int(exactly: try word()), range.contains(number) else { throw refusal }
        return number
    }

    /// The next word as a number, which is not NaN, as a range holds none.
    package mutating func number(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        let number = Double(bitPattern: try word())
        guard range.contains(number) else { throw refusal }
        return number
    }

    /// The next optional number: a word of 0 for nil, or 1 and the number.
    package mutating func optional(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
        try integer(in: 0...1) == 1 ? try number(in: range) : nil
    }

    /// So many finite numbers, two in a word.
    package mutating func floats(_ count: Int) throws(ConfigurationError) -> [Float] {
        // Before memory is taken: the bytes may not hold them.
        guard count >= 0, bytes.count - position >= (count + 1) / 2 * 8 else { throw refusal }
        var numbers = [Float](repeating: 0, count: count)
        for i in stride(from: 0, to: count, by: 2) {
            let word = try word()
            numbers[i] = Float(bitPattern: UInt32(truncatingIfNeeded: word))
            if i + 1 < count { numbers[i + 1] = Float(bitPattern: UInt32(word >> 32)) }
        }
        guard numbers.span.firstNonFinite == nil else { throw refusal }
        return numbers
    }

    /// A table by client. Clients are distinct, ascending, and below 2³².
    package mutating func table<Value>(
        _ value: (inout StateReader) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> [Int: Value] {
        // What is claimed is not reserved: the bytes may not hold it.
        let count = try integer(in: 0...Int(UInt32.max))
        var table: [Int: Value] = [:]
        var least = 0
        for _ in 0..<count {
            let client = try integer(in: least...max(least, Int(UInt32.max)))
            table[client] = try value(&self)
            least = client + 1
        }
        return table
    }

    /// Ends the reading.
    ///
    /// - Throws: ``refusal`` when there are bytes left.
    package func finish() throws(ConfigurationError) {
        guard position == bytes.count else { throw refusal }
    }
}
