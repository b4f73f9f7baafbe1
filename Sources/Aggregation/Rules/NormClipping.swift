public import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The mean weighted by sample count of updates that are scaled down to a bound of their length. The bound follows a
/// quantile of the lengths from round to round, C ← C · exp(−rate · (share of updates within C − quantile)).
///
/// G. Andrew, O. Thakkar, H. B. McMahan, S. Ramaswamy, *Differentially Private Learning with Adaptive Clipping*,
/// NeurIPS 2021, algorithm 1 without noise, arXiv:1905.03871. f of n equal attackers move the mean by no more than
/// 2 C f / n. O(count · dimension).
public struct NormClipping: RobustAggregation {
    public static let name = "norm-clip"
    public static let summary = "mean of updates clipped at an adaptive length; bound (0.1), quantile (0.5), rate (0.2)"

    /// C > 0, a length: where this round clips.
    public private(set) var bound: Double
    /// γ in 0...1: the share of updates that is to be within the bound.
    public let quantile: Double
    /// η ≥ 0; 0 keeps the bound.
    public let rate: Double

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

    /// The bound's bits, the low byte first.
    public var serverState: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: bound.bitPattern >> (8 * UInt64($0))) }
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        let value = Double(bitPattern: state.reversed().reduce(0) { $0 << 8 | UInt64($1) })
        guard state.count == 8, Self.bounds.contains(value) else {
            throw ConfigurationError("aggregation 'norm-clip' was given \(state.count) bytes that are no length")
        }
        bound = value
    }
}
