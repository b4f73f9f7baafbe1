import FedCore
import Records
import SecureAggregation

/// A client's vector in a ring of 32 bits or fewer (`--secure-bits`): how an update becomes its elements, and what their sum says.
///
/// | | an element is | a sum is |
/// |---|---|---|
/// | ``RoundedVector`` | a value, rounded at random to a step of its tensor's range | a mean, without bias |
/// | ``LatticeVector`` | a number of an update that is on the lattice of its noise | exact |
protocol NarrowVector: Sendable {
    /// The ring: bits of a value and those of the number of clients.
    var ring: RingFormat { get }
    /// Elements of a vector.
    var count: Int { get }
    /// The ranges before the first round, a byte for each tensor; none where nothing is rounded.
    var firstRanges: [UInt8] { get }
    /// Whether these can be ranges of this vector.
    func accepts(_ ranges: [UInt8]) -> Bool

    /// Makes elements of an update. O(count).
    /// - Parameters:
    ///   - values: those that are sent.
    ///   - places: which of all they are, ascending; nil for all.
    ///   - weight: of the update, above 0.
    ///   - totals: what else is summed.
    ///   - ranges: a byte for each tensor, an exponent.
    /// - Returns: elements of the ring, `[count]`.
    /// - Throws: `SecureAggregationError.notFinite`.
    func elements(
        _ values: consuming [Float], at places: [Int]?, weight: Double, _ totals: SecureTotals, ranges: [UInt8],
        client: Int, _ round: RoundID
    ) throws(SecureAggregationError) -> [UInt32]

    /// Reads a sum. O(count).
    /// - Parameters:
    ///   - sum: numbers with signs, `[count]`.
    ///   - places: which of all values it is of; nil for all.
    ///   - clients: how many vectors it is of.
    ///   - ranges: those that they were made by.
    /// - Returns: nil of what is no sum of so many vectors.
    func content(of sum: [Int64], at places: [Int]?, clients: Int, ranges: [UInt8]) -> NarrowContent?
}

/// What a sum of vectors in a small ring says.
struct NarrowContent {
    /// What is known of the values, `[values]`.
    enum Values {
        /// Their mean.
        case mean([Float])
        /// Their sum, in whole steps of a lattice.
        case points([Int64], grid: Float)
    }

    /// The values, in the form in which they are exact.
    var values: Values
    /// Σ weight.
    var weight: Double
    /// What else the clients have reported, together.
    var totals: SecureTotals
    /// The ranges of the next round.
    var ranges: [UInt8] = []
}

/// The whole numbers at the end of a vector, whose sums no small ring has room for: weight and ``SecureTotals``, 64 bits each, in parts of
/// 4 bits. A sum of as many parts as there are clients has room in any ring.
struct PartedNumbers {
    let weight: Double
    let totals: SecureTotals

    /// A client's part is below 2⁴.
    private static let partBits = 4
    /// Parts of a number of 64 bits.
    private static let parts = 64 / partBits
    /// Elements that they take.
    static let elements = (1 + SecureTotals.words) * parts

    /// What one client has.
    init(weight: Double, totals: SecureTotals) { (self.weight, self.totals) = (weight, totals) }

    /// Reads the sum of what clients have written.
    /// - Parameter sum: numbers with signs, of a ring; parts have none.
    init(_ sum: ArraySlice<Int64>, _ ring: RingFormat) {
        let mask = Int64(1) << Int64(ring.bits) - 1
        let numbers = stride(from: sum.startIndex, to: sum.endIndex, by: Self.parts).map { start in
            (0..<Self.parts).reduce(Int64(0)) { $0 &+ (sum[start + $1] & mask) << Int64($1 * Self.partBits) }
        }
        (weight, totals) = (Double(numbers[0]) / PartialSum.steps, SecureTotals(numbers[1...]))
    }

    /// Writes the parts, the lowest first.
    /// - Parameter start: the place of the first among the elements.
    func write(to elements: inout MutableSpan<UInt32>, from start: Int) {
        var next = start
        for number in [Int64((weight * PartialSum.steps).rounded())] + totals.encoded {
            for part in 0..<Self.parts {
                elements[next] = UInt32(truncatingIfNeeded: number >> Int64(part * Self.partBits)) & 0xF
                next += 1
            }
        }
    }
}

extension RingFormat {
    /// The ring of `--secure-bits`, with room for a round's clients; nil without.
    /// - Throws: `ConfigurationError` when sums of a cohort need more than 32 bits.
    init?(narrowFor settings: RunSettings) throws(ConfigurationError) {
        guard let bits = settings.secureBits else { return nil }
        do throws(SecureAggregationError) {
            self = try RingFormat(valueBits: bits, weightBits: 0, clients: settings.cohortSize)
        } catch {
            throw ConfigurationError("--secure-bits \(bits): \(error)")
        }
        guard isNarrow else {
            throw ConfigurationError(
                "--secure-bits \(bits) with \(settings.cohortSize) clients a round needs \(self.bits) bits for a sum, and "
                    + "there are 32: take fewer bits, or leave it out for exact sums")
        }
    }
}

extension RunSettings {
    /// Whether sums of a cohort's values of so many bits have room in 32.
    func hasNarrowRing(bits: Int) -> Bool {
        (try? RingFormat(valueBits: bits, weightBits: 0, clients: cohortSize))?.isNarrow ?? false
    }
}
