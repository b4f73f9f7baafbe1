import COneDNN
import CVectors

/// A linear layer and its derivatives by loops of our own for AVX2, on weights that have eight outputs side by side.
///
/// Each number is a sum of the same products as oneDNN's, in another order.
struct BlockedLinear {
    private let sizes: vectors_linear_sizes
    /// Layout of the weights.
    let weights: MemoryDescriptor

    /// Takes over a linear layer; nil for sizes or layouts that the loops do not know.
    /// - Parameters:
    ///   - layer: the layer.
    ///   - input: layout of the features: a plain matrix, or images of eight or sixteen channels side by side.
    init?(_ layer: Linear, from input: MemoryDescriptor) throws(OneDNNError) {
        guard layer.inputs % 8 == 0, layer.outputs % 8 == 0 else { return nil }
        let extents = input.extents
        if extents.count == 4, let lanes = try Self.lanes(of: input) {
            weights = try .linearWeights([layer.outputs] + extents.dropFirst(), lanes: lanes)
        } else if extents.count == 2, try input == .plain(extents) {
            weights = try .blockedWeights([layer.outputs, layer.inputs, 1, 1], readsPlain: false)
        } else {
            return nil
        }
        sizes = vectors_linear_sizes(samples: extents[0], inputs: layer.inputs, outputs: layer.outputs)
    }

    /// How many channels blocked images have side by side; nil for other images.
    private static func lanes(of input: MemoryDescriptor) throws(OneDNNError) -> Int? {
        for lanes in [8, 16] where input.extents[1] % lanes == 0 {
            if try input == .blocked(input.extents, lanes: lanes) { return lanes }
        }
        return nil
    }

    /// The layer on the first samples.
    private func sizes(_ samples: Int) -> vectors_linear_sizes {
        var sizes = sizes
        sizes.samples = samples
        return sizes
    }

    /// Computes the result of the valid samples, and sets that of the others to zero: the layers behind compute with it.
    private func forward(
        _ features: UnsafePointer<Float>, weights: UnsafePointer<Float>, biases: UnsafePointer<Float>?,
        rectifies: Bool, into result: UnsafeMutablePointer<Float>, samples: Int
    ) {
        var valid = sizes(samples)
        vectors_linear(&valid, features, weights, biases, rectifies, result)
        (result + samples * sizes.outputs).update(repeating: 0, count: (sizes.samples - samples) * sizes.outputs)
    }

    /// Computes the gradient of the features of the valid samples, and sets that of the others to zero.
    private func differentiateInput(
        _ gradient: UnsafePointer<Float>, weights: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>,
        samples: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        var valid = sizes(samples)
        vectors_linear_inputs(&valid, gradient, weights, result, scratch)
        (result + samples * sizes.inputs).update(repeating: 0, count: (sizes.samples - samples) * sizes.inputs)
    }

    /// Adds the gradients of weights and biases to a pass.
    private func differentiateWeights(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        in plan: PlanBuilder
    ) {
        if !weights.isFrozen {
            plan.run(on: [input, gradient, weights.gradient]) { tensors, context in
                var valid = sizes(context.count)
                vectors_linear_weights(&valid, tensors[0], tensors[1], tensors[2])
            }
        }
        if let biases, !biases.isFrozen {
            plan.run(on: [gradient, biases.gradient]) { tensors, context in
                var valid = sizes(context.count)
                vectors_linear_biases(&valid, tensors[0], tensors[1])
            }
        }
    }

    /// Compiles a layer.
    /// - Parameters:
    ///   - input: the features, in the layout that was taken over.
    ///   - appliesReLU: whether a ReLU follows.
    func compile(_ layer: Linear, from input: Tensor, appliesReLU: Bool, into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let previous = plan.current
        let weights = plan.parameter("weight", weights)
        let biases = layer.hasBias ? plan.parameter("bias", try .plain([layer.outputs])) : nil
        var output = plan.tensor(try .plain([sizes.samples, layer.outputs]))
        output.isRectified = appliesReLU
        let result = output
        plan.run(on: [input, weights.value, result] + (biases.map { [$0.value] } ?? [])) { tensors, context in
            forward(
                tensors[0], weights: tensors[1], biases: biases == nil ? nil : UnsafePointer(tensors[3]),
                rectifies: appliesReLU, into: tensors[2], samples: context.count)
        }
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let gradient = try plan.reordered(try plan.rectified(gradient, by: result).tensor, to: result.descriptor)
            try plan.differentiateProducts(input, gradient, weights, biases) { (plan, gradient) throws(OneDNNError) in
                differentiateWeights(input, gradient, weights, biases, in: plan)
            }
            guard needsInputGradient else { return nil }
            let inputGradient = plan.tensor(input.descriptor)
            let scratch = plan.tensor(try .plain([withUnsafePointer(to: sizes) { vectors_linear_scratch($0) }]))
            plan.run(on: [gradient, weights.value, inputGradient, scratch]) { tensors, context in
                differentiateInput(
                    tensors[0], weights: tensors[1], into: tensors[2], samples: context.count, scratch: tensors[3])
            }
            return Gradient(tensor: Tensor(buffer: inputGradient.buffer, descriptor: previous.descriptor))
        }
    }
}
