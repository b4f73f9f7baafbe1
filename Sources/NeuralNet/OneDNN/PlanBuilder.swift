import COneDNN
import FedCore

/// The compiler of a plan: collects the steps of its passes while the layers are compiled, first to last.
///
/// A layer takes ``current``, asks for tensors and parameters, adds primitives and kernels, and ends with `emit`, to
/// which it gives a closure that does the same for its derivative. The closures are called last to first: a tape, as
/// in automatic differentiation in reverse mode.
///
/// Tensors have no addresses yet. When all steps are known, ``PlanMemory`` places them so that those which are not
/// needed at the same time share memory, and the steps are bound to it.
public final class PlanBuilder {
    /// Makes the backward steps of one layer from the gradient of its output. Returns the gradient of its input, or nil
    /// when no layer before it needs one.
    typealias Differentiate = (PlanBuilder, Gradient) throws(OneDNNError) -> Gradient?

    /// A step whose memory has no address yet.
    struct PlannedStep {
        /// The tensors that it reads or writes, from which their lifetimes are found.
        let tensors: [Tensor]
        /// Makes the step, once the plan has memory.
        let bind: (PlanMemory) throws(OneDNNError) -> any Step
    }

    /// Memory for one or more tensors of different layouts.
    struct Buffer {
        var byteCount: Int
        var storage: Storage
    }

    let engine: Engine
    /// Samples of a full batch.
    let batch: Int
    let purpose: Plan.Purpose
    /// The input of the next layer; at first that of the model.
    private(set) var current: Tensor
    /// Number of dropout layers so far, those before a part included.
    var dropouts: Int

    private let model: Model
    /// Index of the layer that is being compiled.
    private var layerIndex = 0
    /// Layers that the layers before them have taken over.
    private var skipped: Set<Int> = []
    /// Whether a gradient of the current tensor is needed.
    private var hasParameters: Bool
    /// Whether steps are added to the backward pass.
    private var isBackward = false
    /// The derivatives of the layers so far, first to last.
    private var tape: [Differentiate] = []

    /// Steps of the forward pass, in order.
    private(set) var forward: [PlannedStep] = []
    /// Steps of the backward pass, in order.
    private(set) var backward: [PlannedStep] = []
    /// All buffers; tensors name them by their indices.
    private(set) var buffers: [Buffer] = []
    /// Layout and place of each entry of the model's layout, in its order; the offset is in bytes, in weights and
    /// gradients alike, or in the statistics.
    private(set) var parameters: [(descriptor: MemoryDescriptor, offset: Int)] = []
    /// Bytes of trained weights so far; the gradients are as many.
    private(set) var parameterBytes = 0
    /// Bytes of running statistics so far.
    private(set) var statisticBytes = 0
    /// The implementation of each primitive, for a test that none is the slow fallback.
    private(set) var implementations: [String] = []

    /// Index of the buffer for scratch memory.
    private let scratchpad = 0
    /// The model's input, plain.
    let input: Tensor

    /// Makes a compiler for a model.
    /// - Parameters:
    ///   - model: the model, or a part of one.
    ///   - batch: samples of a full batch.
    ///   - purpose: the passes to compile.
    ///   - needsInputGradient: whether the gradient of the input is needed, as by a part with layers before it.
    ///   - engine: engine of the plan.
    init(
        _ model: Model, batch: Int, purpose: Plan.Purpose, needsInputGradient: Bool = false, engine: Engine
    ) throws(OneDNNError) {
        self.model = model
        self.batch = batch
        self.purpose = purpose
        self.engine = engine
        hasParameters = needsInputGradient
        dropouts = model.dropoutsBefore
        let descriptor = try MemoryDescriptor.plain([batch] + model.input.extents)
        buffers = [
            Buffer(byteCount: 0, storage: .scratchpad), Buffer(byteCount: descriptor.byteCount, storage: .persistent),
        ]
        input = Tensor(buffer: 1, descriptor: descriptor)
        current = input
    }

    /// Compiles the forward pass of all layers.
    /// - Returns: the output of the last layer, plain, `[batch]` times the model's output.
    func compileForward() throws(OneDNNError) -> Tensor {
        for (index, layer) in model.layers.enumerated() where !skipped.contains(index) {
            layerIndex = index
            try layer.compile(into: self)
        }
        let output = try reordered(current, to: .plain(current.descriptor.extents))
        buffers[output.buffer].storage = .persistent
        return Tensor(buffer: output.buffer, descriptor: try .plain([batch] + model.output.extents))
    }

    /// Compiles the backward pass of all layers, last to first, down to the first one with parameters.
    /// - Parameters:
    ///   - gradient: gradient with respect to the output, plain.
    ///   - needsInputGradient: as given to the initializer.
    /// - Returns: the gradient with respect to the input, plain; nil where it is not needed.
    func compileBackward(from gradient: Tensor, needsInputGradient: Bool) throws(OneDNNError) -> Tensor? {
        isBackward = true
        // A flattened output has another name than the tensor it is.
        let last = Tensor(buffer: gradient.buffer, descriptor: try .plain(current.descriptor.extents))
        var next: Gradient? = Gradient(tensor: last)
        while let differentiate = tape.popLast(), let gradient = next {
            next = try differentiate(self, gradient)
        }
        guard needsInputGradient, let next else { return nil }
        let result = try reordered(next.tensor, to: input.descriptor)
        buffers[result.buffer].storage = .persistent
        return result
    }
}

// The requests of layers.
extension PlanBuilder {
    /// Whether parameters come before the layer that is being compiled, so that the gradient of its input is needed.
    /// To be asked before the layer's own parameters are.
    var needsInputGradient: Bool { hasParameters }

    /// Shape of one sample that enters the layer that is being compiled, whatever the layout of ``current``.
    var inputShape: Shape { model.shapes[layerIndex] }

    /// Shape of one sample of the layer's output.
    var outputShape: Shape { model.shapes[layerIndex + 1] }

    /// oneDNN's kind of the forward primitives: for training they may keep a workspace.
    var propagation: dnnl_prop_kind_t { purpose == .training ? dnnl_forward_training : dnnl_forward_inference }

    /// Whether the next layer is a ReLU. If so, it is not compiled: the layer that asks must apply it itself.
    func fusesReLU() -> Bool {
        let next = layerIndex + 1
        guard next < model.layers.count, model.layers[next] is ReLU else { return false }
        skipped.insert(next)
        return true
    }

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
        checkNext(name, .trained, descriptor)
        let value = tensor(descriptor, storage: .weights(parameterBytes))
        let gradient = tensor(descriptor, storage: .gradients(parameterBytes))
        parameters.append((descriptor, parameterBytes))
        parameterBytes += PlanMemory.aligned(descriptor.byteCount)
        hasParameters = true
        return ParameterTensors(value: value, gradient: gradient)
    }

    /// The next running statistic of the layer that is being compiled; otherwise as `parameter`.
    func statistic(_ name: String, _ descriptor: MemoryDescriptor) -> Tensor {
        checkNext(name, .statistic, descriptor)
        let value = tensor(descriptor, storage: .statistics(statisticBytes))
        parameters.append((descriptor, statisticBytes))
        statisticBytes += PlanMemory.aligned(descriptor.byteCount)
        return value
    }

    private func checkNext(_ name: String, _ role: ParameterLayout.Role, _ descriptor: MemoryDescriptor) {
        let entry = model.parameterLayout.entries[parameters.count]
        precondition(
            entry.name == "\(model.firstLayer + layerIndex).\(name)" && entry.role == role,
            "\(entry.name) is next, not the \(role) \(model.firstLayer + layerIndex).\(name)")
        precondition(entry.count == descriptor.count, "\(entry.name) has \(entry.count) elements")
    }

    /// Ends a layer.
    /// - Parameters:
    ///   - output: the layer's output, the input of the next.
    ///   - differentiate: adds the layer's backward steps; not called in a plan for inference, nor when no layer up to
    ///     this one has parameters.
    func emit(_ output: Tensor, differentiate: @escaping Differentiate) {
        current = output
        if purpose == .training { tape.append(differentiate) }
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

    /// The tensor in another layout: itself if it has that layout, otherwise a copy, for which a primitive is added.
    func reordered(_ tensor: Tensor, to descriptor: MemoryDescriptor) throws(OneDNNError) -> Tensor {
        if tensor.descriptor == descriptor { return tensor }
        var copy = self.tensor(descriptor)
        copy.isRectified = tensor.isRectified
        try reorder(tensor, into: copy)
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
        let tensor = try reordered(gradient.tensor, to: output.descriptor)
        run(on: tensor, with: output) { gradient, output, _ in zero(&gradient, whereNotPositive: output) }
        return Gradient(tensor: tensor, isRectified: true)
    }

    func append(_ step: PlannedStep) {
        if isBackward { backward.append(step) } else { forward.append(step) }
    }
}
