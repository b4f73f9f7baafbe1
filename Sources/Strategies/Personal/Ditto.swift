public import FedCore

/// Personalisation by a second model: each client has a model of its own beside the global one, pulled towards
/// it, vₖ ← vₖ − η(∇Fₖ(vₖ) + λ(vₖ − wᵗ)). The global model is FedAvg's.
///
/// A client's own model is trained for as many epochs as the global one, after it, so a turn takes about twice
/// as long; at a round's deadline a client that has not finished the global one leaves its own as it was. It is
/// the client's state, which never enters the mean.
///
/// T. Li, S. Hu, A. Beirami, V. Smith, *Ditto: Fair and Robust Federated Learning Through Personalization*,
/// ICML 2021, Algorithm 1, arXiv:2012.04221.
public struct Ditto: Strategy {
    public static let name = "ditto"
    public static let summary = "a model of its own for each client, pulled towards the global one"

    /// λ ≥ 0, the strength of the pull towards the global model; option `lambda`, 0 is training alone.
    public var lambda: Float = 0.1

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        lambda = try options.number("lambda", default: lambda, "at least 0") { $0 >= 0 }
    }

    public var personalization: Personalization { .model }

    /// Adds λ(vₖ − wᵗ) to the gradient of the client's own model. O(d).
    public func correctPersonal(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, global: Span<Float>) {
        precondition(weights.count == gradient.count && global.count == gradient.count)
        for i in 0..<gradient.count {
            gradient[unchecked: i] += lambda * (weights[unchecked: i] - global[unchecked: i])
        }
    }
}
