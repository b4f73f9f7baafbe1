import FedCore

/// Codes bits, each with a probability: the encoder writes the bit that it is given, the decoder gives the one that was
/// written. So that one model serves both.
protocol BinaryCoder {
    /// Codes a bit.
    /// - Parameters:
    ///   - bit: the bit, for an encoder; a decoder does not look at it.
    ///   - probability: of a 1, in parts of 2¹⁶, 1 … 65535.
    /// - Returns: the bit.
    mutating func code(_ bit: Int, _ probability: Int) -> Int
}

/// The interval of a binary arithmetic coder: each bit takes a part of it as large as its probability, and the bytes that
/// both ends of it share are settled.
///
/// I. H. Witten, R. M. Neal, J. G. Cleary, *Arithmetic Coding for Data Compression*, CACM 30(6), 1987; without carries, as
/// in M. Mahoney's PAQ.
private struct Interval {
    /// The ends, both of them inside.
    var (low, high): (UInt32, UInt32) = (0, .max)

    /// The last number of the part that a 1 takes; the rest is a 0's.
    @inline(__always)
    func bound(_ probability: Int) -> UInt32 {
        low &+ UInt32(truncatingIfNeeded: (UInt64(high &- low) &* UInt64(probability)) >> 16)
    }

    /// Whether the highest byte is settled.
    var isSettled: Bool { (low ^ high) >> 24 == 0 }

    /// Gives the highest byte up.
    mutating func shift() { (low, high) = (low << 8, high << 8 | 255) }
}

/// Writes bits as bytes.
struct BinaryEncoder: BinaryCoder {
    /// What is settled.
    private(set) var bytes: [UInt8] = []
    /// What is left of the interval of what was written.
    private var interval = Interval()

    /// Begins; room for so many bytes.
    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    @inline(__always)
    mutating func code(_ bit: Int, _ probability: Int) -> Int {
        let bound = interval.bound(probability)
        if bit == 1 { interval.high = bound } else { interval.low = bound &+ 1 }
        while interval.isSettled {
            bytes.append(UInt8(truncatingIfNeeded: interval.high >> 24))
            interval.shift()
        }
        return bit
    }

    /// All bytes: the four of a number of the interval end them, so that a decoder needs none behind it. The last use
    /// of the encoder.
    mutating func finish() -> [UInt8] {
        for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: interval.low >> UInt32(24 - 8 * byte))) }
        return bytes
    }
}

/// Reads bits from bytes that are not trusted: where they end too early it goes on with zeros, and ``end`` says so.
struct BinaryDecoder: BinaryCoder {
    /// The code, and whatever lies before it.
    private let bytes: [UInt8]
    /// What is left of the interval of what was read.
    private var interval = Interval()
    /// What has been read of the interval.
    private var number: UInt32 = 0
    /// Number of bytes that have been taken; more than there are when they have ended too early.
    private(set) var end: Int

    /// Begins at a byte, and takes four.
    /// - Parameters:
    ///   - bytes: what an encoder has finished, or any.
    ///   - start: index of the first byte.
    init(_ bytes: [UInt8], at start: Int) {
        self.bytes = bytes
        end = start
        for _ in 0..<4 { take() }
    }

    /// Takes the next byte into the number, a zero where there is none.
    private mutating func take() {
        number = number << 8 | (end < bytes.count ? UInt32(bytes[end]) : 0)
        end += 1
    }

    @inline(__always)
    mutating func code(_ bit: Int, _ probability: Int) -> Int {
        let bound = interval.bound(probability)
        let bit = number <= bound ? 1 : 0
        if bit == 1 { interval.high = bound } else { interval.low = bound &+ 1 }
        while interval.isSettled {
            interval.shift()
            take()
        }
        return bit
    }
}
