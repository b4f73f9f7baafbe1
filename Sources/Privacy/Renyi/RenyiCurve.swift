import Foundation

/// Rényi divergences of what was released, order by order. Composition is addition (I. Mironov,
/// *Rényi Differential Privacy*, CSF 2017, arXiv 1702.07476, proposition 1).
public struct RenyiCurve: Sendable, Equatable {
    /// Orders α, each above 1.
    public let orders: [Double]
    /// A divergence for each order, in nats.
    public private(set) var divergences: [Double]

    /// Nothing released.
    /// - Parameter orders: each above 1.
    public init(orders: [Double] = RenyiOrders.usual) {
        precondition(orders.allSatisfy { $0 > 1 }, "orders must be above 1")
        self.orders = orders
        divergences = [Double](repeating: 0, count: orders.count)
    }

    /// One release of a part.
    /// - Complexity: some hundred terms for each order: a millisecond for
    ///   ``RenyiOrders/usual``.
    /// - Parameters:
    ///   - part: Gaussian noise on all records or on a sample.
    ///   - orders: each above 1.
    public init(_ part: SampledGaussian, orders: [Double] = RenyiOrders.usual) {
        self.init(orders: orders)
        let noise = part.noiseMultiplier
        switch part.sampling {
        case .none, .poisson:
            for (i, order) in orders.enumerated() {
                divergences[i] = SampledGaussianMoments.divergence(
                    probability: part.probability, noise: noise, order: order)
            }
        case .fixed:
            let moments = FixedSampleMoments(noise: noise)
            for (i, order) in orders.enumerated() {
                divergences[i] = moments.divergence(probability: part.probability, order: order)
            }
        }
    }

    /// Everything that was released.
    /// - Parameters:
    ///   - composition: parts and how often each.
    ///   - orders: each above 1.
    /// - Complexity: as for one release, for each distinct part.
    public init(_ composition: PrivacyComposition, orders: [Double] = RenyiOrders.usual) {
        self.init(orders: orders)
        for (part, count) in composition.terms { add(RenyiCurve(part, orders: orders), times: count) }
    }

    /// Adds another curve of the same orders, so many times. O(orders).
    /// - Parameters:
    ///   - other: what else was released on the same data.
    ///   - times: how often.
    public mutating func add(_ other: RenyiCurve, times: Int = 1) {
        precondition(orders == other.orders, "curves of other orders")
        for i in divergences.indices { divergences[i] += Double(times) * other.divergences[i] }
    }

    /// The least ε at δ over all orders, with the order that gave it.
    ///
    /// - Parameters:
    ///   - delta: δ in (0, 1).
    ///   - conversion: the theorem that turns a divergence into (ε, δ).
    /// - Returns: ε ≥ 0, ∞ where no order is of use; the order is nil without a release.
    public func epsilon(delta: Double, conversion: RenyiConversion = .improved) -> (epsilon: Double, order: Double?) {
        var best: (epsilon: Double, order: Double?) = (.infinity, nil)
        for (order, divergence) in zip(orders, divergences) {
            let epsilon = conversion.epsilon(divergence: divergence, order: order, delta: delta)
            if epsilon < best.epsilon { best = (epsilon, order) }
        }
        return best
    }

    /// The least δ at ε over all orders.
    /// - Returns: δ in [0, 1].
    public func delta(epsilon: Double, conversion: RenyiConversion = .improved) -> Double {
        zip(orders, divergences).reduce(1) {
            min($0, conversion.delta(divergence: $1.1, order: $1.0, epsilon: epsilon))
        }
    }
}
