import COneDNN
import FedCore

// What layers ask for in a plan that clips samples' gradients: a way to their lengths in the backward pass, and one to their
// weighted sum after it, when the weights are known.
extension PlanBuilder {
    /// Whether gradients are clipped sample by sample: a layer with parameters then adds nothing to the backward pass that mixes
    /// samples, but what these functions do.
    var clipsSamples: Bool { samples != nil }

    /// The place of a layer among those with trained parameters. Asked for while the layer is differentiated.
    var sampleRow: Int {
        model.parameterLayout.entries.filter { $0.role == .trained && $0.layer < layerIndex }
            .reduce(into: Set<Int>()) { $0.insert($1.layer) }.count
    }

    /// Has steps added behind the backward pass, when each sample's factor is known.
    func afterClipping(_ add: @escaping (PlanBuilder) throws(OneDNNError) -> Void) { deferred.append(add) }

    /// Compiles what was deferred.
    func compileSums() throws(OneDNNError) {
        pass = .sums
        for add in deferred { try add(self) }
        deferred = []
    }

    /// Adds the gradients of a layer that multiplies a vector of each sample, ∂W = Σ δ·xᵀ and ∂b = Σ δ, unless both are frozen. Where
    /// samples are clipped, that is the lengths of their products first, and later the sum over scaled δ.
    /// - Parameters:
    ///   - input: x, `[batch, …]`, of which each sample lies by itself.
    ///   - gradient: δ, `[batch, outputs]`.
    ///   - weights: W.
    ///   - biases: b, if there are any.
    ///   - differentiate: adds the steps that make the gradients of both from δ.
    func differentiateProducts(
        _ input: Tensor, _ gradient: Tensor, _ weights: ParameterTensors, _ biases: ParameterTensors?,
        _ differentiate: @escaping (PlanBuilder, _ gradient: Tensor) throws(OneDNNError) -> Void
    ) throws(OneDNNError) {
        let (countsWeights, countsBiases) = (!weights.isFrozen, biases?.isFrozen == false)
        guard countsWeights || countsBiases else { return }
        guard let samples else { return try differentiate(self, gradient) }
        let (row, batch) = (sampleRow, batch)
        let (inputs, outputs) = (floatsPerSample(input), floatsPerSample(gradient))
        run(on: [input, gradient, samples.squares]) { tensors, context in
            for sample in 0..<context.count {
                let x = countsWeights ? squaredLength(tensors[0] + sample * inputs, inputs) : 0
                let delta = squaredLength(tensors[1] + sample * outputs, outputs)
                tensors[2][row * batch + sample] = (x + (countsBiases ? 1 : 0)) * delta
            }
        }
        afterClipping { (plan) throws(OneDNNError) in try differentiate(plan, plan.scaled(gradient, row)) }
    }

    /// A copy of a gradient in which each sample's is multiplied by its factor.
    func scaled(_ gradient: Tensor, _ row: Int) -> Tensor {
        guard let samples else { preconditionFailure("the plan does not clip") }
        let copy = tensor(gradient.descriptor)
        let (batch, perSample) = (batch, floatsPerSample(gradient))
        run(on: [gradient, samples.factors, copy]) { tensors, context in
            scaleSamples(
                tensors[0], times: tensors[1] + row * batch, samples: context.count, batch: batch,
                perSample: perSample, into: tensors[2])
        }
        return copy
    }

    /// Adds the gradients of a layer's parameters for each sample by itself, and later their weighted sum.
    /// - Parameters:
    ///   - parameters: each with the layout in which the kernel writes its gradient.
    ///   - tensors: what the kernel reads and writes, beside the gradients.
    ///   - room: floats that a sample's gradient may take for it to be kept; a larger one is made another time.
    ///   - kernel: makes the kernel, once the plan has memory.
    ///   - again: adds the steps that make the sum, for a layer whose samples' gradients are not kept; gets the layer's place, for
    ///     `scaled`.
    func clipEachSample(
        _ parameters: [(parameter: ParameterTensors, layout: MemoryDescriptor)], using tensors: [Tensor], room: Int,
        _ kernel: @escaping (PlanMemory) throws(OneDNNError) -> SampleKernel,
        again: ((PlanBuilder, _ row: Int) throws(OneDNNError) -> Void)? = nil
    ) throws(OneDNNError) {
        guard let samples else { preconditionFailure("the plan does not clip") }
        let (row, batch) = (sampleRow, batch)
        let adds = self.samples?.begun.insert(row).inserted == false
        let counts = parameters.map { $0.layout.byteCount / MemoryLayout<Float>.stride }
        let keeps = again == nil || counts.reduce(0, +) <= room
        var rows: [Tensor] = []
        for count in counts { rows.append(tensor(try .plain([keeps ? batch : 1, count]))) }
        let places = rows
        append(
            PlannedStep(tensors: tensors + places + [samples.squares]) { (memory) throws(OneDNNError) in
                let each = parameters.indices.map { index in
                    SampleStep.Rows(
                        base: memory.address(of: places[index]).assumingMemoryBound(to: Float.self),
                        count: counts[index], isKept: keeps, counts: !parameters[index].parameter.isFrozen)
                }
                let squares = memory.address(of: samples.squares).assumingMemoryBound(to: Float.self)
                return SampleStep(each, squares: squares + row * batch, adds: adds, try kernel(memory))
            })
        afterClipping { (plan) throws(OneDNNError) in
            guard keeps else {
                try again?(plan, row)
                return
            }
            for (index, (parameter, layout)) in parameters.enumerated() where !parameter.isFrozen {
                let sum = layout == parameter.gradient.descriptor ? parameter.gradient : plan.tensor(layout)
                let count = counts[index]
                plan.run(on: [places[index], samples.factors, sum]) { tensors, context in
                    addRows(
                        tensors[0], times: tensors[1] + row * batch, samples: context.count, count: count,
                        into: tensors[2])
                }
                if sum.buffer != parameter.gradient.buffer { try plan.reorder(sum, into: parameter.gradient) }
            }
        }
    }

    /// The floats of one sample, which lie together.
    func floatsPerSample(_ tensor: Tensor) -> Int {
        tensor.descriptor.byteCount / MemoryLayout<Float>.stride / batch
    }
}

/// A primitive for one sample that is moved from sample to sample of a batch.
final class SamplePrimitive {
    private let primitive: Primitive
    /// The tensors of which each sample has its own part: view, first byte, and bytes of a part.
    private let moved: [(view: Memory, base: UnsafeMutableRawPointer, stride: Int)]
    /// The views of the gradients of parameters, in their order.
    private let results: [Memory]
    private let scratch: Arena

    /// Makes the primitive.
    /// - Parameters:
    ///   - descriptor: the operation on one sample.
    ///   - batches: tensors of the whole batch by argument, with the layout of one sample.
    ///   - shared: tensors that all samples have in common.
    ///   - results: arguments and layouts of the gradients of parameters.
    init(
        _ descriptor: PrimitiveDescriptor,
        batches: [(argument: Int32, tensor: Tensor, sample: MemoryDescriptor)],
        shared: [(argument: Int32, tensor: Tensor)] = [],
        results: [(argument: Int32, layout: MemoryDescriptor)], in memory: PlanMemory, engine: Engine
    ) throws(OneDNNError) {
        var views: [(argument: Int32, memory: Memory)] = []
        var moved: [(view: Memory, base: UnsafeMutableRawPointer, stride: Int)] = []
        for (argument, tensor, sample) in batches {
            let base = memory.address(of: tensor)
            let view = try Memory(sample, at: base, engine: engine)
            views.append((argument, view))
            moved.append((view, base, sample.byteCount))
        }
        for (argument, tensor) in shared {
            views.append((argument, try Memory(tensor.descriptor, at: memory.address(of: tensor), engine: engine)))
        }
        var gradients: [Memory] = []
        for (argument, layout) in results {
            let view = try Memory(layout, at: nil, engine: engine)
            views.append((argument, view))
            gradients.append(view)
        }
        scratch = Arena(byteCount: try descriptor.scratchpad.byteCount)
        views.append((DNNL_ARG_SCRATCHPAD, try Memory(descriptor.scratchpad, at: scratch.base, engine: engine)))
        primitive = try Primitive(descriptor, views, engine: engine)
        self.moved = moved
        self.results = gradients
    }

    /// Runs it on one sample.
    func execute(_ sample: Int, into gradients: [UnsafeMutablePointer<Float>]) throws(OneDNNError) {
        for (view, base, stride) in moved { try view.point(to: base + sample * stride) }
        for (view, gradient) in zip(results, gradients) { try view.point(to: gradient) }
        try primitive.execute()
    }
}
