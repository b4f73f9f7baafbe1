public import FedCore

/// A vector of learnt numbers for each index of a sequence, as PyTorch's `Embedding`: `[time]` becomes
/// `[time, features]`.
///
/// Indices are whole numbers in the floats of the input, which hold them exactly up to 2²⁴.
public struct Embedding: Layer, Equatable {
    /// Number of indices: 0 ..< count.
    public let count: Int
    /// Length of a vector.
    public let features: Int

    /// Makes a layer.
    /// - Parameters:
    ///   - count: number of indices, 0 < count ≤ 2²⁴.
    ///   - features: length of a vector, > 0.
    public init(_ count: Int, _ features: Int) {
        precondition(count > 0 && count <= 1 << 24 && features > 0, "an embedding of \(count) indices in \(features)")
        self.count = count
        self.features = features
    }

    public var description: String { "Embedding \(count)→\(features)" }

    /// `[time, features]`.
    /// - Throws: `ConfigurationError` when `input` is neither `[time]` nor `[1, 1, time]`.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard [1, 3].contains(input.extents.count), input.extents.last == input.count else {
            throw ConfigurationError("\(description) takes a sequence of indices, not \(input)")
        }
        return [input.count, features]
    }

    /// The vectors, `[count, features]`.
    public func parameters(for input: Shape) -> [LayerParameter] {
        [LayerParameter(name: "weight", shape: [count, features], initialization: .normal)]
    }

    /// Compiles a kernel that copies vectors, and one that adds their gradients, in the order of the batch. The indices
    /// have no gradient: what comes before this layer does not learn.
    /// - Precondition: in a pass, all indices of its samples are in 0 ..< count.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let input = try plan.plainInput()
        let weights = plan.parameter("weight", try .plain([count, features]))
        let perSample = plan.inputShape.count
        let output = plan.tensor(try .plain([plan.batch, perSample, features]))
        let kernels = EmbeddingKernels(count: count, features: features)
        let elements = output.descriptor.count
        plan.run(on: [input, weights.value, output]) { tensors, context in
            let indices = context.count * perSample
            kernels.gather(tensors[0], indices, from: tensors[1], into: tensors[2])
            let valid = indices * kernels.features
            (tensors[2] + valid).update(repeating: 0, count: elements - valid)
        }
        plan.emit(output) { (plan, gradient) throws(OneDNNError) in
            let outputGradient = try plan.reordered(gradient.tensor, to: output.descriptor)
            func scatter(_ gradient: Tensor, in plan: PlanBuilder) {
                plan.run(on: [input, gradient, weights.gradient]) { tensors, context in
                    kernels.scatter(tensors[1], tensors[0], context.count * perSample, into: tensors[2])
                }
            }
            guard let samples = plan.samples, !weights.isFrozen else {
                scatter(outputGradient, in: plan)
                return nil
            }
            let (row, batch) = (plan.sampleRow, plan.batch)
            plan.run(on: [input, outputGradient, samples.squares]) { tensors, context in
                for sample in 0..<context.count {
                    let start = sample * perSample
                    tensors[2][row * batch + sample] = kernels.squaredLength(
                        tensors[1] + start * kernels.features, tensors[0] + start, perSample)
                }
            }
            plan.afterClipping { (plan) throws(OneDNNError) in scatter(plan.scaled(outputGradient, row), in: plan) }
            return nil
        }
    }
}
