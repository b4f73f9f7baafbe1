public import FedCore

/// Clients train the model up to an exit, as deep as their devices bear: a client of depth r has the first ⌈rN⌉ of the N
/// exits of a model that ends with their mean, and what they need. It trains all of its exits at once, each against the
/// labels and the others' probabilities, so that deep layers, which few clients train, learn from shallow ones. The model
/// of a depth is the mean of its exits.
///
/// The exits' say grows as in the authors' program: λ = consistency · exp(−5(1 − min(t − 1, T) / T)²) in round t, T the
/// ramp-up.
///
/// M. Kim, S. Yu, S. Kim, S.-M. Moon, *DepthFL: Depthwise Federated Learning for Heterogeneous Clients*, ICLR 2023,
/// https://openreview.net/forum?id=pf8RIZTMU58: DepthFL (FedAvg) of its table 2, with self-distillation; the paper's best
/// has FedDyn's term besides. Means are weighted by samples.
public struct DepthFL: SubmodelStrategy {
    public static let name = "depthfl"
    public static let summary =
        "clients train the model up to an exit, as deep as --widths says, whose exits teach each other"
    public static let defaultWidths = "1,0.75,0.5,0.25"

    /// λ ≥ 0 of the last rounds; 0 leaves self-distillation out.
    public var consistency = 1.0
    /// T ≥ 1, the rounds until the exits learn from each other as much as they ever do.
    public var rampUp = 300

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        consistency = try options.number("consistency", default: consistency, "at least 0") { $0 >= 0 }
        rampUp = try options.integer("ramp-up", default: rampUp, "from 1 to 1048576") { (1...1 << 20).contains($0) }
    }

    public var dimension: SubmodelDimension { .depth }

    public func consistency(round: Int) -> Double {
        let phase = 1 - Double(min(round - 1, rampUp)) / Double(rampUp)
        return consistency * PortableMath.exp(-5 * phase * phase)
    }
}
