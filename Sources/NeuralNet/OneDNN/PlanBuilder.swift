import COneDNN
import FedCore

/// Collects the steps of a plan while its layers are compiled, first to last. Only layers talk to it.
public final class PlanBuilder {
    /// Makes the backward steps of one layer from the gradient of its output. Returns the gradient of its input, or nil
    /// when no layer before it needs one.
    typealias Differentiate = (PlanBuilder, Gradient) throws(OneDNNError) -> Gradient?

    /// A step whose memory has no address yet.
    struct PlannedStep {
        let tensors: [Tensor]
        let bind: (PlanMemory) throws(OneDNNError) -> any Step
    }

    struct Buffer {
        var byteCount: Int
        var storage: Storage
    }

    let engine: Engine
    let batch: Int
    let purpose: Plan.Purpose
    /// What the next layer sees: starts as the input of the first.
    private(set) var current: Tensor
    /// Number of dropout layers so far.
    var dropouts: Int

    private let model: Model
    private var layerIndex = 0
    private var skipped: Set<Int> = []
    private var hasParameters: Bool
    private var isBackward = false
    private var tape: [Differentiate] = []

    private(set) var forward: [PlannedStep] = []
    private(set) var backward: [PlannedStep] = []
    private(set) var buffers: [Buffer] = []
    /// One for each entry of the model's layout, in its order; the offset is in bytes, in weights and gradients alike, or
    /// in the statistics.
    private(set) var parameters: [(descriptor: MemoryDescriptor, offset: Int)] = []
    /// Bytes of trained weights so far; the gradients are as many.
    private(set) var parameterBytes = 0
    /// Bytes of running statistics so far.
    private(set) var statisticBytes = 0
    /// The implementation of each primitive, for a test that none is the slow fallback.
    private(set) var implementations: [String] = []

    private let scratchpad = 0
    let input: Tensor

    /// - Parameter needsInputGradient: that of the first layer's input, which only a part with layers before it needs.
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

    /// Compiles all layers; the result is the output of the last one, plain.
    func compileForward() throws(OneDNNError) -> Tensor {
        for (index, layer) in model.layers.enumerated() where !skipped.contains(index) {
            layerIndex = index
            try layer.compile(into: self)
        }
        let output = try reordered(current, to: .plain(current.descriptor.extents))
        buffers[output.buffer].storage = .persistent
        return Tensor(buffer: output.buffer, descriptor: try .plain([batch] + model.output.extents))
    }

    /// Differentiates all layers, last to first.
    /// - Parameters:
    ///   - gradient: of the output, plain.
    ///   - needsInputGradient: as at the beginning.
    /// - Returns: the gradient of the input, plain; nil where nobody needs it.
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

// What a layer asks for.
extension PlanBuilder {
    /// Whether parameters come before the layer that is being compiled, so that the gradient of its input is needed.
    var needsInputGradient: Bool { hasParameters }

    var propagation: dnnl_prop_kind_t { purpose == .training ? dnnl_forward_training : dnnl_forward_inference }

    /// Whether the next layer is a ReLU, which the layer that asks then applies itself.
    func fusesReLU() -> Bool {
        let next = layerIndex + 1
        guard next < model.layers.count, model.layers[next] is ReLU else { return false }
        skipped.insert(next)
        return true
    }

    func tensor(_ descriptor: MemoryDescriptor, storage: Storage = .transient) -> Tensor {
        buffers.append(Buffer(byteCount: descriptor.byteCount, storage: storage))
        return Tensor(buffer: buffers.count - 1, descriptor: descriptor)
    }

    /// The next parameter of the layer that is being compiled, in the layout its primitive chose.
    func parameter(_ name: String, _ descriptor: MemoryDescriptor) -> ParameterTensors {
        checkNext(name, .trained, descriptor)
        let value = tensor(descriptor, storage: .weights(parameterBytes))
        let gradient = tensor(descriptor, storage: .gradients(parameterBytes))
        parameters.append((descriptor, parameterBytes))
        parameterBytes += PlanMemory.aligned(descriptor.byteCount)
        hasParameters = true
        return ParameterTensors(value: value, gradient: gradient)
    }

    /// As `parameter`, of one that no optimizer moves.
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

    /// Ends a layer: its output, and how to differentiate it.
    func emit(_ output: Tensor, differentiate: @escaping Differentiate) {
        current = output
        if purpose == .training { tape.append(differentiate) }
    }

    /// Adds a primitive to the pass that is being compiled.
    ///
    /// - Parameter whenTraining: true for one that only passes that train need, false for one of evaluation.
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

    /// Adds a primitive of training that must see the samples that count and no others; what it puts out for the rest is
    /// zero.
    ///
    /// - Parameters:
    ///   - result: begins with the batch.
    ///   - operation: makes the primitive for a number of samples; each time of the same tensors, or their first samples.
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

    /// The operation with its scratch memory, which all primitives share.
    private func reserved(_ operation: Operation) throws(OneDNNError) -> Operation {
        implementations.append(operation.descriptor.implementation)
        let scratch = try operation.descriptor.scratchpad
        guard scratch.byteCount > 0 else { return operation }
        buffers[scratchpad].byteCount = max(buffers[scratchpad].byteCount, scratch.byteCount)
        var operation = operation
        operation.tensors.append((DNNL_ARG_SCRATCHPAD, Tensor(buffer: scratchpad, descriptor: scratch)))
        return operation
    }

    /// Adds a primitive whose result includes a gradient of weights, in whatever layout it has there.
    func run(
        _ descriptor: PrimitiveDescriptor, into gradient: Tensor, _ tensors: [(argument: Int32, tensor: Tensor)]
    ) throws(OneDNNError) {
        let layout = try descriptor.weightsGradient
        let result = layout == gradient.descriptor ? gradient : tensor(layout)
        try run(descriptor, tensors + [(DNNL_ARG_DIFF_WEIGHTS, result)])
        if result.buffer != gradient.buffer { try reorder(result, into: gradient) }
    }

    /// Adds a kernel of our own that changes a tensor.
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

    /// Adds a kernel of our own that changes a tensor by another of the same layout.
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

    /// The same tensor in another layout: itself when it has it, else a copy.
    func reordered(_ tensor: Tensor, to descriptor: MemoryDescriptor) throws(OneDNNError) -> Tensor {
        if tensor.descriptor == descriptor { return tensor }
        var copy = self.tensor(descriptor)
        copy.isRectified = tensor.isRectified
        try reorder(tensor, into: copy)
        return copy
    }

    func reorder(_ tensor: Tensor, into other: Tensor) throws(OneDNNError) {
        let descriptor = try PrimitiveDescriptor(reorder: tensor.descriptor, to: other.descriptor, engine: engine)
        try run(descriptor, [(DNNL_ARG_FROM, tensor), (DNNL_ARG_TO, other)])
    }

    /// Applies the derivative of the ReLU that made `output`, if there was one and nobody has: zero where `output` is.
    func rectified(_ gradient: Gradient, by output: Tensor) throws(OneDNNError) -> Gradient {
        guard output.isRectified, !gradient.isRectified else { return gradient }
        let tensor = try reordered(gradient.tensor, to: output.descriptor)
        run(on: tensor, with: output) { gradient, output, _ in zero(&gradient, whereNotPositive: output) }
        return Gradient(tensor: tensor, isRectified: true)
    }

    private func append(_ step: PlannedStep) {
        if isBackward { backward.append(step) } else { forward.append(step) }
    }
}
