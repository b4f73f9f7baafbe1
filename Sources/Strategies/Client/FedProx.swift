public import FedCore

/// A proximal term that pulls clients toward the global model: adds μ/2 ‖w − w_global‖² to the local loss, so
/// that clients with unlike data drift less during long local training. Costs a copy of the weights for each
/// client that trains; nothing more crosses.
///
/// T. Li et al., *Federated Optimization in Heterogeneous Networks*, MLSys 2020, eq. 2, arXiv:1812.06127.
public struct FedProx: Strategy {
    public static let name = "fedprox"
    public var portableHalf: PortableHalf? { .proximal(mu: mu) }
    public static let summary = "FedAvg with a proximal term that holds clients near the global weights"

    /// μ ≥ 0, the strength of the pull; option `mu`, 0 is FedAvg.
    public var mu = 0.01

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        mu = try options.number("mu", default: mu, "at least 0") { $0 >= 0 }
    }

    /// Whether there is a proximal term.
    public var correctsGradients: Bool { mu != 0 }

    /// Adds the term's gradient, μ(w − w_global). O(d).
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {
        precondition(weights.count == gradient.count && anchor.count == gradient.count)
        let mu = Float(mu)
        for i in 0..<gradient.count {
            gradient[unchecked: i] += mu * (weights[unchecked: i] - anchor[unchecked: i])
        }
    }
}
