public import FedCore

/// The mean of tensors of one shape: of the scores of several exits, their ensemble.
public struct Mean: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "Mean" }

    /// The input's shape: the mean of one tensor is that tensor.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { input }

    /// The shape that all inputs have.
    public func outputShape(joining inputs: [Shape]) throws(ConfigurationError) -> Shape {
        for other in inputs.dropFirst() where other != inputs[0] {
            throw ConfigurationError("Mean takes tensors of one shape, not \(inputs[0]) and \(other)")
        }
        return inputs[0]
    }

    /// Compiles one pass over two tensors, and another for each further one. All inputs get the gradient divided by their
    /// number.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let inputs = plan.inputs
        let layout = inputs[0].descriptor
        let result = plan.tensor(layout)
        let share = 1 / Float(inputs.count)
        plan.run(into: result, of: inputs[0], and: inputs[0]) { mean, first, _ in
            for i in 0..<mean.count { mean[unchecked: i] = share * first[unchecked: i] }
        }
        for input in inputs.dropFirst() {
            plan.run(into: result, of: result, and: try plan.reordered(input, to: layout)) { mean, sum, next in
                for i in 0..<mean.count { mean[unchecked: i] = sum[unchecked: i] + share * next[unchecked: i] }
            }
        }
        let needed = plan.needsInputGradients
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let whole = try plan.reordered(gradient.tensor, to: layout)
            let part = plan.tensor(layout)
            plan.run(into: part, of: whole, and: whole) { part, whole, _ in
                for i in 0..<part.count { part[unchecked: i] = share * whole[unchecked: i] }
            }
            var gradient = Gradient(tensor: part)
            gradient.isShared = needed.count { $0 } > 1
            return needed.map { $0 ? gradient : nil }
        }
    }
}
