import COneDNN
import CVectors
import FedCore

// The requests of layers.
extension PlanBuilder {
    /// oneDNN's kind of the forward primitives: for training they may keep a workspace.
    var propagation: dnnl_prop_kind_t { purpose == .training ? dnnl_forward_training : dnnl_forward_inference }

    /// Whether convolutions may be loops of our own: these are for AVX2, where oneDNN has no wider vectors to use.
    var usesBlockedConvolutions: Bool { runsVectorLoops && OneDNNLibrary.blocksEightChannels }

    /// Whether linear layers may be loops of our own: with AVX2, and on any processor for batches so small that a
    /// product is a walk through the weights, for which oneDNN's wider vectors do not help.
    var usesBlockedProducts: Bool { runsVectorLoops && (OneDNNLibrary.blocksEightChannels || batch <= 16) }

    /// Whether loops of our own run here: they know single precision and one thread.
    private var runsVectorLoops: Bool {
        precision == .single && engine.threads == 1 && vectors_are_fast() && OneDNNLibrary.allowsAVX2
    }

    /// Type of what convolutions and linear layers multiply.
    var factorType: dnnl_data_type_t { precision == .single ? dnnl_f32 : dnnl_bf16 }

    /// A new tensor in a buffer of its own.
    /// - Parameters:
    ///   - descriptor: extents and layout.
    ///   - storage: kind of memory; by default shared with tensors of other times.
    func tensor(_ descriptor: MemoryDescriptor, storage: Storage = .transient) -> Tensor {
        buffers.append(Buffer(byteCount: descriptor.byteCount, storage: storage))
        return Tensor(buffer: buffers.count - 1, descriptor: descriptor)
    }

    /// The next trained parameter of the layer that is being compiled, and its gradient.
    /// - Parameters:
    ///   - name: `state_dict` key within the layer.
    ///   - descriptor: the layout that the primitive chose.
    /// - Precondition: it is next in the model's layout, and has as many elements there.
    func parameter(_ name: String, _ descriptor: MemoryDescriptor) -> ParameterTensors {
        if isFrozen(next(name, .trained, descriptor), descriptor) {
            let value = tensor(descriptor, storage: .statistics(constants[constants.count - 1].offset))
            return ParameterTensors(value: value, gradient: tensor(descriptor), isFrozen: true)
        }
        let value = tensor(descriptor, storage: .weights(parameterBytes))
        let gradient = tensor(descriptor, storage: .gradients(parameterBytes))
        parameters.append((descriptor, parameterBytes))
        parameterBytes += PlanMemory.aligned(descriptor.byteCount)
        outputs[layerIndex + 1].needsGradient = true
        return ParameterTensors(value: value, gradient: gradient)
    }

    /// The next running statistic of the layer that is being compiled; otherwise as `parameter`.
    func statistic(_ name: String, _ descriptor: MemoryDescriptor) -> Tensor {
        if isFrozen(next(name, .statistic, descriptor), descriptor) {
            return tensor(descriptor, storage: .statistics(constants[constants.count - 1].offset))
        }
        let value = tensor(descriptor, storage: .statistics(statisticBytes))
        parameters.append((descriptor, statisticBytes))
        statisticBytes += PlanMemory.aligned(descriptor.byteCount)
        return value
    }

    /// The entry of the next parameter, frozen ones included.
    private func next(
        _ name: String, _ role: ParameterLayout.Role, _ descriptor: MemoryDescriptor
    ) -> ParameterLayout.Entry {
        let entry = (model.frozen?.layout ?? model.parameterLayout).entries[declared]
        declared += 1
        precondition(
            entry.name == "\(model.nodes[layerIndex].name).\(name)" && entry.role == role,
            "\(entry.name) is next, not the \(role) \(model.nodes[layerIndex].name).\(name)")
        precondition(entry.count == descriptor.count, "\(entry.name) has \(entry.count) elements")
        return entry
    }

    /// Whether a parameter is frozen: then it gets a place among what no optimizer moves.
    private func isFrozen(_ entry: ParameterLayout.Entry, _ descriptor: MemoryDescriptor) -> Bool {
        guard model.frozen?.isFrozen[declared - 1] == true else { return false }
        constants.append((descriptor, statisticBytes, entry))
        statisticBytes += PlanMemory.aligned(descriptor.byteCount)
        return true
    }

    /// Adds a primitive to the pass that is being compiled.
    ///
    /// - Parameters:
    ///   - descriptor: the operation with its implementation.
    ///   - tensors: its tensors by oneDNN's argument numbers; scratch memory is added.
    ///   - whenTraining: true for a primitive of training passes alone, false for one of evaluations alone, nil for
    ///     both.
    func run(
        _ descriptor: PrimitiveDescriptor, _ tensors: [(argument: Int32, tensor: Tensor)], whenTraining: Bool? = nil
    ) throws(OneDNNError) {
        let operation = try reserved(Operation(descriptor: descriptor, tensors: tensors))
        let engine = engine
        append(
            PlannedStep(tensors: operation.tensors.map(\.tensor)) { (memory) throws(OneDNNError) in
                let primitive = try operation.bound(to: memory, engine: engine)
                guard let whenTraining else { return primitive }
                return ConditionalStep(primitive, whenTraining: whenTraining)
            })
    }

    /// Adds a primitive of training passes that must see the valid samples and no others; its output for the rest is
    /// zero.
    ///
    /// - Parameters:
    ///   - result: output, the batch being the outermost dimension.
    ///   - operation: makes the primitive for a number of samples, each time with the same tensors or their first
    ///     samples.
    func run(
        into result: Tensor, countingSamples operation: @escaping (_ count: Int) throws(OneDNNError) -> Operation
    ) throws(OneDNNError) {
        let whole = try reserved(operation(batch))
        let (engine, batch) = (engine, batch)
        append(
            PlannedStep(tensors: whole.tensors.map(\.tensor)) { (memory) throws(OneDNNError) in
                let step = BatchStep(
                    try whole.bound(to: memory, engine: engine), batch: batch, result: result, memory: memory,
                    engine: engine, operation)
                return ConditionalStep(step, whenTraining: true)
            })
    }

    /// The operation with scratch memory, of which all primitives share one block: they run one after the other.
    private func reserved(_ operation: Operation) throws(OneDNNError) -> Operation {
        implementations.append(operation.descriptor.implementation)
        let scratch = try operation.descriptor.scratchpad
        guard scratch.byteCount > 0 else { return operation }
        buffers[scratchpad].byteCount = max(buffers[scratchpad].byteCount, scratch.byteCount)
        var operation = operation
        operation.tensors.append((DNNL_ARG_SCRATCHPAD, Tensor(buffer: scratchpad, descriptor: scratch)))
        return operation
    }

    /// Adds a primitive whose results include a gradient of weights. It may choose a layout for it that is not that of
    /// the weights; a reordering then follows, because an optimizer works on both element by element.
    func run(
        _ descriptor: PrimitiveDescriptor, into gradient: Tensor, _ tensors: [(argument: Int32, tensor: Tensor)]
    ) throws(OneDNNError) {
        let layout = try descriptor.weightsGradient
        let result = layout == gradient.descriptor ? gradient : tensor(layout)
        try run(descriptor, tensors + [(DNNL_ARG_DIFF_WEIGHTS, result)])
        if result.buffer != gradient.buffer { try reorder(result, into: gradient) }
    }

    /// Adds a kernel in Swift that changes a tensor in place, in the order in which its elements lie, padding included.
    func run(on tensor: Tensor, _ kernel: @escaping (inout MutableSpan<Float>, StepContext) -> Void) {
        append(
            PlannedStep(tensors: [tensor]) { memory in
                let floats = memory.floats(of: tensor)
                return KernelStep { context in
                    var span = floats.mutableSpan
                    kernel(&span, context)
                }
            })
    }

    /// Adds a kernel in Swift that changes a tensor in place, by another of the same layout.
    /// - Precondition: both have the same layout.
    func run(
        on tensor: Tensor, with other: Tensor,
        _ kernel: @escaping (inout MutableSpan<Float>, Span<Float>, StepContext) -> Void
    ) {
        precondition(tensor.descriptor == other.descriptor, "two layouts")
        append(
            PlannedStep(tensors: [tensor, other]) { memory in
                let floats = memory.floats(of: tensor)
                let others = memory.floats(of: other)
                return KernelStep { context in
                    var span = floats.mutableSpan
                    kernel(&span, UnsafeBufferPointer(others).span, context)
                }
            })
    }

    /// Adds a kernel in Swift that computes a tensor from two others of the same layout, in the order in which the elements
    /// lie, padding included. The result may be one of the two.
    /// - Precondition: all have the same layout.
    func run(
        into result: Tensor, of first: Tensor, and second: Tensor,
        _ kernel: @escaping (_ result: inout MutableSpan<Float>, Span<Float>, Span<Float>) -> Void
    ) {
        precondition(
            first.descriptor == result.descriptor && second.descriptor == result.descriptor, "several layouts")
        append(
            PlannedStep(tensors: [result, first, second]) { memory in
                let (results, firsts, seconds) = (
                    memory.floats(of: result), memory.floats(of: first), memory.floats(of: second)
                )
                return KernelStep { _ in
                    var span = results.mutableSpan
                    kernel(&span, UnsafeBufferPointer(firsts).span, UnsafeBufferPointer(seconds).span)
                }
            })
    }

    /// The tensor in another layout: itself if it has that layout, otherwise a copy, for which a primitive is added.
    func reordered(_ tensor: Tensor, to descriptor: MemoryDescriptor) throws(OneDNNError) -> Tensor {
        if tensor.descriptor == descriptor { return tensor }
        var copy = self.tensor(descriptor)
        copy.isRectified = tensor.isRectified
        try reorder(tensor, into: copy)
        return copy
    }

    /// The tensor with elements of single precision, in the layout that it has.
    func floats(_ tensor: Tensor) throws(OneDNNError) -> Tensor {
        try reordered(tensor, to: tensor.descriptor.of(dnnl_f32))
    }

    /// The gradient in a layout, in memory that may be changed: a copy where it has another layout or belongs to others,
    /// too.
    func owned(_ gradient: Gradient, in descriptor: MemoryDescriptor) throws(OneDNNError) -> Tensor {
        guard gradient.isShared, gradient.tensor.descriptor == descriptor else {
            return try reordered(gradient.tensor, to: descriptor)
        }
        let copy = tensor(descriptor)
        try reorder(gradient.tensor, into: copy)
        return copy
    }

    /// Adds a copy from one layout to another.
    func reorder(_ tensor: Tensor, into other: Tensor) throws(OneDNNError) {
        let descriptor = try PrimitiveDescriptor(reorder: tensor.descriptor, to: other.descriptor, engine: engine)
        try run(descriptor, [(DNNL_ARG_FROM, tensor), (DNNL_ARG_TO, other)])
    }

    /// Applies the derivative of the ReLU that made `output`, unless there was none or it has been applied.
    /// - Parameters:
    ///   - gradient: gradient with respect to `output`.
    ///   - output: output of the forward pass.
    /// - Returns: the gradient with zeros where `output` is zero, in the layout of `output`.
    func rectified(_ gradient: Gradient, by output: Tensor) throws(OneDNNError) -> Gradient {
        guard output.isRectified, !gradient.isRectified else { return gradient }
        let tensor = try owned(gradient, in: output.descriptor)
        if output.descriptor.isBrainFloat {
            let count = output.descriptor.byteCount / 2
            run(on: [tensor, output]) { tensors, _ in
                zero(brainFloats(tensors[0], count), whereNotPositive: brainFloats(tensors[1], count))
            }
        } else {
            run(on: tensor, with: output) { gradient, output, _ in zero(&gradient, whereNotPositive: output) }
        }
        return Gradient(tensor: tensor, isRectified: true)
    }

    func append(_ step: PlannedStep) {
        switch pass {
        case .forward: forward.append(step)
        case .backward: backward.append(step)
        case .sums: sums.append(step)
        }
    }
}
