public import FedCore

/// The accountant of Rényi differential privacy, also called the moments accountant (M. Abadi
/// et al., *Deep Learning with Differential Privacy*, CCS 2016, arXiv 1607.00133).
public struct RenyiAccountant: PrivacyAccountant {
    public var kind: PrivacyAccountantKind { .rdp }
    /// Orders over which the least ε is taken.
    public let orders: [Double]
    /// The theorem behind (ε, δ).
    public let conversion: RenyiConversion

    /// Makes an accountant.
    /// - Parameters:
    ///   - orders: each above 1; more of them cost time and can only lower ε.
    ///   - conversion: from a divergence to (ε, δ).
    public init(orders: [Double] = RenyiOrders.usual, conversion: RenyiConversion = .improved) {
        self.orders = orders
        self.conversion = conversion
    }

    /// An upper bound, without one from below. A millisecond for each distinct part.
    /// - Parameters:
    ///   - composition: what was released, of any kind.
    ///   - delta: δ in (0, 1), however small.
    public func epsilon(of composition: PrivacyComposition, delta: Double) throws(ConfigurationError) -> EpsilonBounds {
        try checkDelta(delta)
        let curve = RenyiCurve(composition, orders: orders)
        return EpsilonBounds(upper: curve.epsilon(delta: delta, conversion: conversion).epsilon)
    }

    /// The least δ over all orders; 1 where no order says more.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - epsilon: ε ≥ 0.
    public func delta(of composition: PrivacyComposition, epsilon: Double) throws(ConfigurationError) -> Double {
        RenyiCurve(composition, orders: orders).delta(epsilon: epsilon, conversion: conversion)
    }
}
