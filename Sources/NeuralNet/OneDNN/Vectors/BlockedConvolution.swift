import COneDNN
import CVectors

/// A convolution and its derivatives by loops of our own for AVX2, on images that have eight channels of a pixel side by
/// side, as oneDNN lays them out, or on plain images of few channels.
///
/// Each number is a sum of the same products as oneDNN's, in another order.
struct BlockedConvolution {
    private let sizes: vectors_convolution
    /// Layout of the images that it reads.
    let source: MemoryDescriptor
    /// Layout of the weights.
    let weights: MemoryDescriptor
    /// Layout of the images that it makes.
    let destination: MemoryDescriptor

    /// Takes over a convolution; nil for sizes that the loops do not know.
    /// - Parameters:
    ///   - layer: the layer.
    ///   - input: extents of the images, the batch first.
    ///   - output: extents of the result.
    ///   - needsInputGradient: whether the gradient of the images is needed, too.
    init?(_ layer: Conv2D, from input: [Int], to output: [Int], needsInputGradient: Bool) throws(OneDNNError) {
        let readsPlain = layer.inputs < 8
        guard layer.groups == 1, layer.stride == 1, layer.dilation == 1, layer.outputs % 8 == 0,
            layer.padding < layer.kernel,
            readsPlain ? !needsInputGradient : layer.inputs % 8 == 0
        else { return nil }
        sizes = vectors_convolution(
            samples: input[0], input_channels: input[1], output_channels: output[1], height: input[2], width: input[3],
            output_height: output[2], output_width: output[3], window: layer.kernel, padding: layer.padding,
            lanes: readsPlain ? 1 : 8)
        source = try readsPlain ? .plain(input) : .blocked(input, lanes: 8)
        weights = try .blockedWeights([output[1], input[1], layer.kernel, layer.kernel], readsPlain: readsPlain)
        destination = try .blocked(output, lanes: 8)
    }

    private init(_ sizes: vectors_convolution, like other: BlockedConvolution) {
        self.sizes = sizes
        (source, weights, destination) = (other.destination, other.weights, other.source)
    }

    /// Floats of the memory that each of the functions needs while it runs.
    var scratchCount: Int { withUnsafePointer(to: sizes) { vectors_convolution_scratch($0) } }

    /// The convolution that computes the gradient of the images from that of the result, by the weights that `turn`
    /// makes.
    var transposed: BlockedConvolution {
        var turned = sizes
        swap(&turned.input_channels, &turned.output_channels)
        swap(&turned.height, &turned.output_height)
        swap(&turned.width, &turned.output_width)
        turned.padding = sizes.window - 1 - sizes.padding
        return BlockedConvolution(turned, like: self)
    }

    /// The convolution of the first samples.
    private func sizes(_ samples: Int) -> vectors_convolution {
        var sizes = sizes
        sizes.samples = samples
        return sizes
    }

    /// Computes the result of the valid samples, and sets that of the others to zero: the layers behind compute with it.
    func forward(
        _ images: UnsafePointer<Float>, weights: UnsafePointer<Float>, biases: UnsafePointer<Float>?, rectifies: Bool,
        into result: UnsafeMutablePointer<Float>, samples: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        var valid = sizes(samples)
        vectors_convolve(&valid, images, weights, biases, rectifies, result, scratch)
        let perSample = sizes.output_channels * sizes.output_height * sizes.output_width
        (result + samples * perSample).update(repeating: 0, count: (sizes.samples - samples) * perSample)
    }

    /// Computes the gradient of the weights over the valid samples.
    func differentiateWeights(
        _ images: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, into weights: UnsafeMutablePointer<Float>,
        samples: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        var valid = sizes(samples)
        vectors_convolution_weights(&valid, images, gradient, weights, scratch)
    }

    /// Computes the gradient of the biases over the valid samples.
    func differentiateBiases(
        _ gradient: UnsafePointer<Float>, into biases: UnsafeMutablePointer<Float>, samples: Int
    ) {
        var valid = sizes(samples)
        vectors_convolution_biases(&valid, gradient, biases)
    }

    /// Turns the weights for the `transposed` convolution.
    func turn(_ weights: UnsafePointer<Float>, into turned: UnsafeMutablePointer<Float>) {
        var sizes = sizes
        vectors_turn_weights(&sizes, weights, turned)
    }
}

extension BlockedConvolution {
    /// Compiles a layer.
    /// - Parameter appliesReLU: whether a ReLU follows.
    func compile(_ layer: Conv2D, appliesReLU: Bool, into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let input = plan.current
        let source = try plan.reordered(input, to: source)
        let weights = plan.parameter("weight", weights)
        let biases = layer.hasBias ? plan.parameter("bias", try .plain([layer.outputs])) : nil
        var output = plan.tensor(destination)
        output.isRectified = appliesReLU
        let result = output
        let scratch = plan.tensor(try .plain([max(scratchCount, 1)]))
        plan.run(on: [source, weights.value, result, scratch] + (biases.map { [$0.value] } ?? [])) { tensors, context in
            forward(
                tensors[0], weights: tensors[1], biases: biases == nil ? nil : UnsafePointer(tensors[4]),
                rectifies: appliesReLU, into: tensors[2], samples: context.count, scratch: tensors[3])
        }
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let rectified = try plan.rectified(gradient, by: result).tensor
            let gradient = try plan.reordered(rectified, to: destination)
            if plan.clipsSamples {
                try clipSamples(source, gradient, weights, biases, in: plan)
            } else {
                try differentiateWeights(source, gradient, weights, biases, in: plan)
            }
            guard needsInputGradient else { return nil }
            let inputGradient = try differentiateInput(gradient, weights.value, in: plan)
            return Gradient(tensor: try plan.reordered(inputGradient, to: input.descriptor))
        }
    }

    /// Adds the gradients of weights and biases to a pass.
    private func differentiateWeights(
        _ source: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        in plan: PlanBuilder
    ) throws(OneDNNError) {
        if !weights.isFrozen {
            let scratch = plan.tensor(try .plain([max(scratchCount, 1)]))
            plan.run(on: [source, gradient, weights.gradient, scratch]) { tensors, context in
                differentiateWeights(
                    tensors[0], tensors[1], into: tensors[2], samples: context.count, scratch: tensors[3])
            }
        }
        if let biases, !biases.isFrozen {
            plan.run(on: [gradient, biases.gradient]) { tensors, context in
                differentiateBiases(tensors[0], into: tensors[1], samples: context.count)
            }
        }
    }

    /// Adds the gradients of weights and biases of each sample by itself.
    private func clipSamples(
        _ source: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        in plan: PlanBuilder
    ) throws(OneDNNError) {
        guard !(weights.isFrozen && biases?.isFrozen ?? true) else { return }
        let scratch = plan.tensor(try .plain([max(scratchCount, 1)]))
        let (perImage, perResult) = (plan.floatsPerSample(source), plan.floatsPerSample(gradient))
        try plan.clipEachSample(
            [(weights, weights.value.descriptor)] + (biases.map { [($0, $0.value.descriptor)] } ?? []),
            using: [source, gradient, scratch], room: perImage + perResult
        ) { memory in
            let all = memory.firstElements(of: [source, gradient, scratch])
            return { sample, parameters in
                let gradient = all[1] + sample * perResult
                differentiateWeights(
                    all[0] + sample * perImage, gradient, into: parameters[0], samples: 1, scratch: all[2])
                if parameters.count > 1 { differentiateBiases(gradient, into: parameters[1], samples: 1) }
            }
        } again: { (plan, row) throws(OneDNNError) in
            try differentiateWeights(source, plan.scaled(gradient, row), weights, biases, in: plan)
        }
    }

    /// Adds the gradient of the images to the backward pass.
    private func differentiateInput(
        _ gradient: Tensor, _ weights: Tensor, in plan: PlanBuilder
    ) throws(OneDNNError) -> Tensor {
        let transposed = transposed
        let result = plan.tensor(source)
        let turned = plan.tensor(try .plain([self.weights.count]))
        let scratch = plan.tensor(try .plain([max(transposed.scratchCount, 1)]))
        plan.run(on: [gradient, weights, result, turned, scratch]) { tensors, context in
            turn(tensors[1], into: tensors[3])
            transposed.forward(
                tensors[0], weights: tensors[3], biases: nil, rectifies: false, into: tensors[2],
                samples: context.count, scratch: tensors[4])
        }
        return result
    }
}
