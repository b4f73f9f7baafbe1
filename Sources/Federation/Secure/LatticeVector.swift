import FedCore
import Records
import SecureAggregation

/// A client's vector where each has a share of a sum's noise (`--privacy distributed`) and `--secure-bits` says how fine the lattice is.
///
/// ```
/// update with its share of the noise, in steps of the lattice │ weight, samples, … in parts of 4 bits
/// ```
///
/// Such an update is in whole steps already, so that nothing is rounded for its masks: it only has to fit. ``NoiseShares/points(_:bits:)``
/// makes the lattice so coarse that the clip and 12 σ of a share do. A number is beyond with a probability below e⁻⁷², and is then taken
/// to be the largest that there is: over as many numbers as all rounds of a large run have this mass is far below any δ. The sum is that of the
/// updates to the bit, and so is its noise.
///
/// After P. Kairouz, Z. Liu, T. Steinke, *The Distributed Discrete Gaussian Mechanism*, ICML 2021, arXiv:2102.06387, whose sums may
/// wrap around; here none can, for ⌈log₂ n⌉ more bits.
struct LatticeVector: NarrowVector {
    let ring: RingFormat
    let count: Int
    /// Numbers of an update.
    private let floats: Int
    /// The distance of the lattice's points.
    private let grid: Float

    /// Takes the lattice from the terms of differential privacy.
    /// - Returns: nil where updates are rounded for masks, or there are none in a small ring.
    /// - Throws: `ConfigurationError` when sums of a cohort need more than 32 bits.
    init?(_ terms: PrivacyTerms, _ settings: RunSettings) throws(ConfigurationError) {
        guard settings.secureAggregation, settings.privacy == .distributed,
            let ring = try RingFormat(narrowFor: settings)
        else { return nil }
        (self.ring, floats, grid) = (ring, terms.account.floats, terms.lattice.grid)
        count = floats + PartedNumbers.elements
    }

    /// None: the lattice is that of all rounds.
    var firstRanges: [UInt8] { [] }

    func accepts(_ ranges: [UInt8]) -> Bool { ranges.isEmpty }

    func elements(
        _ values: [Float], at places: [Int]? = nil, weight: Double, _ totals: SecureTotals, ranges: [UInt8],
        client: Int, _ round: RoundID
    ) throws(SecureAggregationError) -> [UInt32] {
        guard values.count == floats else { throw .wrongVector(expected: floats, actual: values.count) }
        var elements = [UInt32](repeating: 0, count: count)
        let largest = Float(ring.largestStep)
        for (i, value) in values.enumerated() {
            guard value.isFinite else { throw .notFinite(index: i) }
            // A step is a power of two: the quotient is the whole number that the noise was added in.
            elements[i] = UInt32(bitPattern: Int32(min(max((value / grid).rounded(), -largest), largest)))
        }
        var span = elements.mutableSpan
        PartedNumbers(weight: weight, totals: totals).write(to: &span, from: floats)
        return elements
    }

    func content(of sum: [Int64], at places: [Int]? = nil, clients: Int, ranges: [UInt8]) -> NarrowContent? {
        guard sum.count == count else { return nil }
        let numbers = PartedNumbers(sum[floats...], ring)
        // Each client weighs 1: who masks anything else than its vector spoils this first.
        guard numbers.weight == Double(clients) else { return nil }
        return NarrowContent(
            values: .points(Array(sum[..<floats]), grid: grid), weight: numbers.weight, totals: numbers.totals)
    }
}
