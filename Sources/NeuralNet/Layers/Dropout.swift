public import FedCore

/// While training, zeroes each element with probability `rate` and scales the others by 1 / (1 − rate); the identity
/// otherwise.
///
/// N. Srivastava et al., *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, JMLR 15, 2014.
public struct Dropout: Layer, Equatable {
    /// The probability that an element is dropped, in [0, 1).
    public let rate: Double

    /// Makes a layer.
    /// - Parameter rate: 0 ≤ rate < 1; a layer with 0 does nothing, and draws no masks.
    public init(_ rate: Double) {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate) is outside 0 ..< 1")
        self.rate = rate
    }

    public var description: String { "Dropout \(rate)" }

    public var isElementwise: Bool { true }

    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { input }

    /// Compiles a kernel that draws the mask and one that applies it, in place; the backward pass applies the same
    /// mask.
    ///
    /// In place is safe: the ReLU and the pooling before it see in their output where to pass no gradient; a dropped
    /// element reads as zero there, and its gradient is zero already.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        guard plan.purpose == .training, rate > 0 else { return }
        let ordinal = plan.dropouts
        plan.dropouts += 1
        let rate = rate
        var dropped = plan.current
        if plan.isShared {
            // Others read the tensor, too, or it is the caller's samples.
            dropped = plan.tensor(plan.current.descriptor)
            dropped.isRectified = plan.current.isRectified
            try plan.reorder(plan.current, into: dropped)
        }
        let values = dropped
        // The mask is drawn in the order of the elements, not of the layout, so that every processor draws the same.
        let drawn = plan.tensor(try .plain(values.descriptor.extents))
        let perSample = drawn.descriptor.count / plan.batch
        plan.run(on: drawn) { mask, context in
            guard let key = context.dropout else { return }
            drawDropoutMask(&mask, rate: rate, stream: key.stream(layer: ordinal), count: context.count * perSample)
        }
        let mask = try plan.reordered(drawn, to: values.descriptor)
        plan.run(on: values, with: mask) { values, mask, context in
            if context.dropout != nil { multiply(&values, by: mask) }
        }
        let needsInputGradient = plan.needsInputGradient
        plan.emit(values) { (plan, gradient) throws(OneDNNError) in
            guard needsInputGradient else { return nil }
            let tensor = try plan.owned(gradient, in: values.descriptor)
            plan.run(on: tensor, with: mask) { gradient, mask, context in
                if context.dropout != nil { multiply(&gradient, by: mask) }
            }
            return Gradient(tensor: tensor, isRectified: gradient.isRectified)
        }
    }
}
