import FedCore

/// How often each symbol of an alphabet occurs, in parts of a power of two: the table of ``RangeANS``.
///
/// It crosses in few bits: of each symbol the number of binary digits, as the difference from the one before in unary,
/// and the digits below the first. Behind the last symbol that occurs nothing is written.
struct SymbolFrequencies {
    /// log₂ of the sum of all frequencies, 8 … 14.
    let precision: Int
    /// Frequency of each symbol; of those that occur at least 1.
    let frequencies: [UInt32]

    /// The precisions that can be.
    static let precisions = 8...14

    /// Takes frequencies as they are.
    private init(precision: Int, frequencies: [UInt32]) {
        self.precision = precision
        self.frequencies = frequencies
    }

    /// Rounds counts so that their sum is 2^`precision`: each down, but not to zero, then those that lost the most up.
    /// - Precondition: some count is above 0, and no more than 2^`precision` are.
    init(_ counts: [Int], precision: Int) {
        let (total, sum) = (1 << precision, counts.reduce(0, +))
        var shares = counts.map { $0 == 0 ? 0 : max($0 * total / sum, 1) }
        var rest = total - shares.reduce(0, +)
        if rest > 0 {
            let losses = counts.indices.filter { counts[$0] > 0 }.map { ($0, counts[$0] * total % sum) }
            // The order is complete: of equal losses the lower symbol comes first.
            let order = losses.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            for (symbol, _) in order.prefix(rest) { shares[symbol] += 1 }
            rest -= min(rest, order.count)
        }
        while rest != 0, let most = shares.indices.max(by: { shares[$0] < shares[$1] }) {
            shares[most] += rest > 0 ? 1 : -1
            rest += rest > 0 ? -1 : 1
        }
        self.init(precision: precision, frequencies: shares.map { UInt32($0) })
    }

    /// The frequencies of the precision that takes the fewest bits together with what they code.
    static func best(for counts: [Int]) -> (frequencies: SymbolFrequencies, bits: Double) {
        var best: (frequencies: SymbolFrequencies, bits: Double)?
        for precision in stride(from: precisions.lowerBound, through: precisions.upperBound, by: 2) {
            let candidate = SymbolFrequencies(counts, precision: precision)
            let bits = Double(candidate.tableBits) + candidate.cost(of: counts)
            if best.map({ bits < $0.bits }) ?? true { best = (candidate, bits) }
        }
        guard let best else { preconditionFailure("there is a precision") }
        return best
    }

    /// Bits of so many symbols, coded without loss against these frequencies.
    func cost(of counts: [Int]) -> Double {
        var bits = 0.0
        for (count, frequency) in zip(counts, frequencies) where count > 0 {
            let share = PortableMath.log(Double(frequency)) / 0.6931471805599453
            bits += Double(count) * (Double(precision) - share)
        }
        return bits
    }

    /// The sum of the frequencies before each symbol.
    var starts: [UInt32] {
        var sum: UInt32 = 0
        return frequencies.map { frequency in
            defer { sum += frequency }
            return sum
        }
    }

    /// Binary digits of a frequency; 0 of none.
    private static func digits(_ frequency: UInt32) -> Int { 32 - frequency.leadingZeroBitCount }

    /// A difference as a number from 0 on: 0, −1, 1, −2 …
    private static func zigzag(_ difference: Int) -> Int { difference < 0 ? -2 * difference - 1 : 2 * difference }

    /// Bits of the table.
    private var tableBits: Int {
        var (bits, before, sum) = (0, 0, 0)
        for frequency in frequencies where sum < 1 << precision {
            let digits = Self.digits(frequency)
            bits += Self.zigzag(digits - before) + 1 + max(digits - 1, 0)
            before = digits
            sum += Int(frequency)
        }
        return bits
    }

    /// Bytes of the table.
    var tableBytes: Int { (tableBits + 7) / 8 }

    /// Writes the table.
    /// - Returns: index of the byte behind it.
    func write(into bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        var writer = BitWriter(at: start)
        var (before, sum) = (0, 0)
        for frequency in frequencies where sum < 1 << precision {
            let digits = Self.digits(frequency)
            writer.putUnary(Self.zigzag(digits - before), into: &bytes)
            if digits > 1 { writer.put(frequency & (1 << UInt32(digits - 1) - 1), bits: digits - 1, into: &bytes) }
            before = digits
            sum += Int(frequency)
        }
        return writer.finish(&bytes)
    }

    /// Reads a table.
    /// - Parameters:
    ///   - bytes: the whole packing, which is not trusted.
    ///   - start: where the table begins.
    ///   - precision: one of ``precisions``.
    ///   - alphabet: number of symbols.
    /// - Returns: the frequencies, of the right sum, and the index of the byte behind them.
    /// - Throws: `CodecError` when they are no such frequencies.
    static func read(
        _ bytes: Span<UInt8>, at start: Int, precision: Int, alphabet: Int
    ) throws(CodecError) -> (frequencies: SymbolFrequencies, end: Int) {
        var frequencies = [UInt32](repeating: 0, count: alphabet)
        var reader = BitReader(at: start)
        var (before, sum) = (0, 0)
        for symbol in 0..<alphabet where sum < 1 << precision {
            guard let code = reader.takeUnary(atMost: 2 * precision + 2, of: bytes) else {
                throw CodecError("has a damaged table of frequencies")
            }
            let digits = before + (code & 1 == 1 ? -(code + 1) / 2 : code / 2)
            guard (0...precision + 1).contains(digits) else { throw CodecError("has a frequency out of range") }
            if digits > 0 {
                frequencies[symbol] = 1 << UInt32(digits - 1) | reader.take(digits - 1, of: bytes)
            }
            before = digits
            sum += Int(frequencies[symbol])
        }
        guard sum == 1 << precision, let end = reader.end() else {
            throw CodecError("has a table of frequencies whose sum is \(sum), not \(1 << precision)")
        }
        return (SymbolFrequencies(precision: precision, frequencies: frequencies), end)
    }
}
