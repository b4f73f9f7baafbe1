public import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The mean, weighted by sample count, of updates that are scaled down to a bound of their length. f of n equal
/// attackers move it by no more than 2 C f / n.
///
/// The bound follows a quantile of the lengths from round to round, C ← C · exp(−rate · (share of updates
/// within C − quantile)), so that nobody has to guess how long updates are. It is the rule's state. O(count ·
/// dimension).
///
/// G. Andrew, O. Thakkar, H. B. McMahan, S. Ramaswamy, *Differentially Private Learning with Adaptive
/// Clipping*, NeurIPS 2021, algorithm 1 without noise, arXiv:1905.03871.
public struct NormClipping: RobustAggregation {
    public static let name = "norm-clip"
    public static let summary = "mean of updates clipped at an adaptive length; bound (0.1), quantile (0.5), rate (0.2)"

    /// C > 0, a Euclidean length: updates of this round that are longer are scaled down to it. Option `bound`
    /// is its value in the first round, 0.1 by default.
    public private(set) var bound: Double
    /// γ in [0, 1]: the share of updates that is to be within the bound; 0.5 by default.
    public let quantile: Double
    /// η in [0, 10], the speed at which the bound follows; 0.2 by default, 0 keeps the bound.
    public let rate: Double

    /// Values that the bound is kept within, so that neither it nor its inverse overflows.
    private static let bounds = 1e-30...1e30

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        bound = try options.number("bound", default: 0.1, "above 0, at most 1e30") { Self.bounds.contains($0) }
        quantile = try options.number("quantile", default: 0.5, "from 0 to 1") { (0...1).contains($0) }
        rate = try options.number("rate", default: 0.2, "from 0 to 10") { (0...10).contains($0) }
    }

    public var settings: String { "bound=\(bound),quantile=\(quantile),rate=\(rate)" }

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let norms = (0..<updates.count).map { updates.row($0).span.norm }
        let weights = updates.weights
        let total = weights.reduce(0, +)
        let bound = bound
        updates.combine(
            zip(weights, norms).map { weight, norm in weight / total * (norm > bound ? bound / norm : 1) }, into: &mean)
        let within = Double(norms.count { $0 <= bound }) / Double(norms.count)
        let next = bound * exp(-rate * (within - quantile))
        self.bound = min(max(next, Self.bounds.lowerBound), Self.bounds.upperBound)
    }

    /// The bound's bits, 8 bytes, the low byte first.
    public var serverState: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: bound.bitPattern >> (8 * UInt64($0))) }
    }

    /// Takes the bound back.
    ///
    /// - Throws: `ConfigurationError` when the bytes are not 8, or not a length within 10⁻³⁰ … 10³⁰.
    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        let value = Double(bitPattern: state.reversed().reduce(0) { $0 << 8 | UInt64($1) })
        guard state.count == 8, Self.bounds.contains(value) else {
            throw ConfigurationError("aggregation 'norm-clip' was given \(state.count) bytes that are no length")
        }
        bound = value
    }
}
