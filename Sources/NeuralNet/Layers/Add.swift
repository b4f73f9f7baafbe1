public import FedCore

/// The sum of two or more tensors of one shape, as the `+` of a residual block.
///
/// K. He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv:1512.03385.
public struct Add: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "Add" }

    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        throw ConfigurationError("Add takes two tensors or more, not one")
    }

    /// The shape that all inputs have.
    public func outputShape(joining inputs: [Shape]) throws(ConfigurationError) -> Shape {
        guard inputs.count > 1 else { return try outputShape(for: inputs[0]) }
        for other in inputs.dropFirst() where other != inputs[0] {
            throw ConfigurationError("Add takes tensors of one shape, not \(inputs[0]) and \(other)")
        }
        return inputs[0]
    }

    /// Compiles one pass over two tensors, and another for each further one; a ReLU behind it is part of the last. The
    /// gradient goes to all inputs as it is.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let inputs = plan.inputs
        let appliesReLU = plan.fusesReLU()
        let layout = inputs[0].descriptor
        var sum = plan.tensor(layout)
        sum.isRectified = appliesReLU
        let result = sum
        for (index, input) in inputs.enumerated().dropFirst() {
            let first = index == 1 ? inputs[0] : result
            // Not the floor of ReLU, which would change sums that are not the last.
            let floor: Float = appliesReLU && index == inputs.count - 1 ? 0 : -.infinity
            plan.run(into: result, of: first, and: try plan.reordered(input, to: layout)) { sum, first, second in
                for i in 0..<sum.count { sum[unchecked: i] = max(first[unchecked: i] + second[unchecked: i], floor) }
            }
        }
        let needed = plan.needsInputGradients
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            var gradient = Gradient(tensor: try plan.rectified(gradient, by: result).tensor)
            gradient.isShared = needed.count { $0 } > 1
            return needed.map { $0 ? gradient : nil }
        }
    }
}
