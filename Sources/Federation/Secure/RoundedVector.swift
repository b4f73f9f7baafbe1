import FedCore
import Records
import SecureAggregation

/// A client's vector where values are rounded before they are masked (`--secure-bits`): how an update becomes elements of a small ring,
/// and how their sum becomes a mean.
///
/// ```
/// values, each of its tensor's range │ for each tensor: which power of two its largest value is below │ weight, samples, … in parts of 4 bits
/// ```
///
/// Ranges that follow from earlier rounds' sums are the idea of K. Bonawitz, F. Salehi, J. Konečný, B. McMahan, M. Gruteser, *Federated
/// Learning with Autotuned Communication-Efficient Secure Aggregation*, 2019, arXiv:1912.00131; how they follow is another way here.
///
/// A value is first multiplied by the client's weight as a share of the largest that any client can have, so that sums of values need no
/// bits for weights. A tensor's range is twice the smallest power of two that held every client's values in the round before; the server learns
/// how many clients needed which, not who.
struct RoundedVector: NarrowVector {
    /// The ring: bits of a value and those of the number of clients.
    let ring: RingFormat
    /// Elements of a vector.
    let count: Int
    /// The tensors among all values of an update, ascending, and together all of them.
    private let tensors: [Range<Int>]
    /// Values that are sent.
    private let values: Int
    /// The largest weight that an update can have.
    private let largestWeight: Double
    /// The run's, from which rounding follows, so that a client that is trained again rounds alike.
    private let seed: UInt64

    /// Powers of two that ranges can be of: the exponent of the smallest, and how many there are.
    private static let (leastExponent, exponents) = (-30, 48)
    /// The exponent of a range before anything is known of it: ±2.
    private static let firstExponent: Int8 = 1

    /// Takes the layout from what is sent.
    /// - Parameters:
    ///   - tensors: ranges among all values of an update.
    ///   - values: how many of them are sent; nil for all.
    ///   - largestWeight: of any client.
    ///   - settings: name the bits, the size of a cohort, and the seed of rounding.
    /// - Returns: nil without `--secure-bits`.
    /// - Throws: `ConfigurationError` when sums of a cohort need more than 32 bits.
    init?(
        tensors: [Range<Int>], values: Int? = nil, largestWeight: Double, _ settings: RunSettings
    ) throws(ConfigurationError) {
        guard settings.secureAggregation, let ring = try RingFormat(narrowFor: settings) else { return nil }
        self.ring = ring
        (self.tensors, self.largestWeight, seed) = (tensors, largestWeight, settings.seed)
        self.values = values ?? tensors.last?.upperBound ?? 0
        count = self.values + tensors.count * Self.exponents + PartedNumbers.elements
    }

    /// The ranges before the first round, a byte for each tensor.
    var firstRanges: [UInt8] { [UInt8](repeating: UInt8(bitPattern: Self.firstExponent), count: tensors.count) }

    /// Whether these can be ranges of this vector.
    func accepts(_ ranges: [UInt8]) -> Bool {
        ranges.count == tensors.count
            && ranges.allSatisfy {
                (Self.leastExponent..<Self.leastExponent + Self.exponents).contains(Int(Int8(bitPattern: $0)))
            }
    }

    /// The tensors among the values that are sent, some of them empty: of which tensors random places are differs from round to round.
    private func tensors(at places: [Int]?) -> [Range<Int>] {
        guard let places else { return tensors }
        var start = 0
        return tensors.map { tensor in
            let end = places[start...].firstIndex { $0 >= tensor.upperBound } ?? places.count
            defer { start = end }
            return start..<end
        }
    }

    /// The largest size of a value in a range: 2 to the power of its exponent.
    private static func limit(_ range: UInt8) -> Float {
        Float(sign: .plus, exponent: Int(Int8(bitPattern: range)), significand: 1)
    }

    func elements(
        _ values: consuming [Float], at places: [Int]? = nil, weight: Double, _ totals: SecureTotals, ranges: [UInt8],
        client: Int, _ round: RoundID
    ) throws(SecureAggregationError) -> [UInt32] {
        var elements = [UInt32](repeating: 0, count: count)
        var span = elements.mutableSpan
        var random = RandomStream(
            seed: seed, .stochasticRounding, round: round.number, client: client, salt: round.attempt)
        let share = Float(weight / largestWeight)
        var scaled = values
        for i in scaled.indices { scaled[i] *= share }
        var next = self.values
        for (tensor, range) in zip(tensors(at: places), ranges) {
            var part = span.part(tensor)
            try ring.round(
                scaled.span.extracting(tensor), limit: Self.limit(range), weight: 1, random: &random, into: &part)
            let largest = scaled.span.extracting(tensor).largestMagnitude
            // 2 to the power of it is above every value.
            let exponent = largest > 0 ? Int(largest.exponent) + 1 : Self.leastExponent
            span[next + min(max(exponent - Self.leastExponent, 0), Self.exponents - 1)] = 1
            next += Self.exponents
        }
        PartedNumbers(weight: weight, totals: totals).write(to: &span, from: next)
        return elements
    }

    func content(of sum: [Int64], at places: [Int]? = nil, clients: Int, ranges: [UInt8]) -> NarrowContent? {
        guard sum.count == count else { return nil }
        let tensors = tensors(at: places)
        var next = values
        var coming: [UInt8] = []
        for (tensor, range) in zip(tensors, ranges) {
            let counts = sum[next..<next + Self.exponents]
            // Each client has said one power of two of each tensor: who masks anything else spoils this first.
            guard counts.allSatisfy({ $0 >= 0 }), counts.reduce(0, +) == clients else { return nil }
            let largest = counts.lastIndex { $0 > 0 }.map { $0 - next } ?? 0
            let exponent = min(Self.leastExponent + largest + 1, Self.leastExponent + Self.exponents - 1)
            // Nothing is known of a tensor without places.
            coming.append(tensor.isEmpty ? range : UInt8(bitPattern: Int8(exponent)))
            next += Self.exponents
        }
        let numbers = PartedNumbers(sum[next...], ring)
        let weight = numbers.weight
        guard weight > 0 else { return nil }
        var mean = [Float](repeating: 0, count: values)
        for (tensor, range) in zip(tensors, ranges) {
            let step = Double(Self.limit(range)) / Double(ring.largestStep) * largestWeight / weight
            for i in tensor { mean[i] = Float(Double(sum[i]) * step) }
        }
        return NarrowContent(values: .mean(mean), weight: weight, totals: numbers.totals, ranges: coming)
    }
}
