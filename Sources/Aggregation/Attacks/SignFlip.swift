public import FedCore

/// An attack that sends the opposite of the update, scaled: −scale · Δ. Values past Float's range become its
/// largest.
///
/// L. Li, W. Xu, T. Chen, G. B. Giannakis, Q. Ling, *RSA: Byzantine-Robust Stochastic Aggregation Methods for
/// Distributed Learning from Heterogeneous Datasets*, AAAI 2019, arXiv:1811.03761.
public struct SignFlip: UpdateAttack {
    public static let name = "sign-flip"
    public static let summary = "sends the opposite of its update; scale (1)"

    /// Factor by which the opposite is stretched, > 0; 1 by default.
    public var scale: Float

    public init(_ options: inout OptionReader) throws(ConfigurationError) {
        scale = try options.number("scale", default: 1, "above 0") { $0 > 0 }
    }

    public func forge(_ update: inout MutableSpan<Float>, stream: inout RandomStream) {
        for i in update.indices { update[unchecked: i] = (-scale * update[unchecked: i]).boundedToFinite }
    }
}

extension Float {
    /// The number itself, or the largest finite number of its sign when it is infinite. NaN becomes finite too.
    var boundedToFinite: Float { max(-.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, self)) }
}
