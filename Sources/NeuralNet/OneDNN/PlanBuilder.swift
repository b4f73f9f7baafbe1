import COneDNN
import FedCore

/// The compiler of a plan: collects the steps of its passes while the layers are compiled, first to last.
///
/// A layer takes ``current``, asks for tensors and parameters, adds primitives and kernels, and ends with `emit`, to
/// which it gives a closure that does the same for its derivative. The closures are called last to first: a tape, as
/// in automatic differentiation in reverse mode. Where several layers take one tensor, their gradients are added up.
///
/// Tensors have no addresses yet. When all steps are known, ``PlanMemory`` places them so that those which are not
/// needed at the same time share memory, and the steps are bound to it.
public final class PlanBuilder {
    /// Makes the backward steps of one layer from the gradient of its output. Returns the gradient of its input, or nil
    /// when no layer before it needs one.
    typealias Differentiate = (PlanBuilder, Gradient) throws(OneDNNError) -> Gradient?
    /// The same for a layer of several inputs: a gradient for each.
    typealias DifferentiateEach = (PlanBuilder, Gradient) throws(OneDNNError) -> [Gradient?]

    /// The passes of a plan. Sums come behind the backward pass, where gradients are clipped sample by sample.
    enum Pass {
        case forward, backward, sums
    }

    /// A step whose memory has no address yet.
    struct PlannedStep {
        /// The tensors that it reads or writes, from which their lifetimes are found.
        let tensors: [Tensor]
        /// Makes the step, once the plan has memory.
        let bind: (PlanMemory) throws(OneDNNError) -> any Step
    }

    /// The output of a layer, or the model's input.
    struct Output {
        var tensor: Tensor
        /// Place of the tensor that this is another name of: a layer that was fused, or moved nothing, has none of its
        /// own.
        var place: Int
        /// Whether it depends on a parameter, so that the gradient with respect to it is needed.
        var needsGradient: Bool
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
    /// Type of the numbers that convolutions and linear layers multiply.
    let precision: Precision
    /// What the layer that is being compiled takes: one tensor for most.
    var inputs: [Tensor] = []
    /// Number of dropout layers so far, those before a part included.
    var dropouts: Int

    let model: Model
    /// Index of the layer that is being compiled.
    var layerIndex = 0
    /// Layers that the layers before them have taken over.
    var skipped: Set<Int> = []
    /// The tensors so far and what the backward pass has to know of them, by their place in ``Model/shapes``.
    var outputs: [Output]
    /// The layers that take each tensor, by its place.
    let readers: [[Int]]
    /// The pass that steps are added to.
    var pass = Pass.forward
    /// What is kept of single samples' gradients; nil where they are not clipped.
    var samples: SampleTensors?
    /// What adds the steps of the sums of clipped gradients.
    var deferred: [(PlanBuilder) throws(OneDNNError) -> Void] = []
    /// The derivatives of the layers so far, first to last, with the places of their outputs.
    var tape: [(place: Int, differentiate: DifferentiateEach)] = []
    /// The gradients so far of tensors whose own layers have not been differentiated, by their place.
    var gradients: [Int: Gradient] = [:]

    /// Steps of the forward pass, in order.
    var forward: [PlannedStep] = []
    /// Steps of the backward pass, in order.
    var backward: [PlannedStep] = []
    /// Steps that add up clipped gradients, in order.
    var sums: [PlannedStep] = []
    /// All buffers; tensors name them by their indices.
    var buffers: [Buffer] = []
    /// Layout and place of each entry of the model's layout, in its order; the offset is in bytes, in weights and
    /// gradients alike, or in the statistics.
    var parameters: [(descriptor: MemoryDescriptor, offset: Int)] = []
    /// Layout, place and values of each frozen parameter; the offset is in bytes, in the statistics.
    var constants: [(descriptor: MemoryDescriptor, offset: Int, entry: ParameterLayout.Entry)] = []
    /// Number of parameters so far, frozen ones included.
    var declared = 0
    /// Bytes of trained weights so far; the gradients are as many.
    var parameterBytes = 0
    /// Bytes of running statistics and frozen parameters so far.
    var statisticBytes = 0
    /// The implementation of each primitive, for a test that none is the slow fallback.
    var implementations: [String] = []

    /// Index of the buffer for scratch memory.
    let scratchpad = 0
    /// The model's input, plain.
    let input: Tensor

    /// Makes a compiler for a model.
    /// - Parameters:
    ///   - model: the model, or a part of one.
    ///   - batch: samples of a full batch.
    ///   - purpose: the passes to compile.
    ///   - needsInputGradient: whether the gradient of the input is needed, as by a part with layers before it.
    ///   - clipsSamples: whether gradients are clipped sample by sample.
    ///   - precision: type of the numbers that are multiplied.
    ///   - engine: engine of the plan.
    init(
        _ model: Model, batch: Int, purpose: Plan.Purpose, needsInputGradient: Bool = false, clipsSamples: Bool = false,
        precision: Precision = .single, engine: Engine
    ) throws(OneDNNError) {
        self.precision = precision
        self.model = model
        self.batch = batch
        self.purpose = purpose
        self.engine = engine
        readers = model.readers
        dropouts = model.dropoutsBefore
        let descriptor = try MemoryDescriptor.plain([batch] + model.input.extents)
        buffers = [
            Buffer(byteCount: 0, storage: .scratchpad), Buffer(byteCount: descriptor.byteCount, storage: .persistent),
        ]
        input = Tensor(buffer: 1, descriptor: descriptor)
        if clipsSamples {
            let layers = Set(model.parameterLayout.entries.filter { $0.role == .trained }.map(\.layer)).count
            let matrix = try MemoryDescriptor.plain([max(layers, 1), batch])
            buffers += [
                Buffer(byteCount: matrix.byteCount, storage: .persistent),
                Buffer(byteCount: matrix.byteCount, storage: .persistent),
            ]
            samples = SampleTensors(
                squares: Tensor(buffer: 2, descriptor: matrix), factors: Tensor(buffer: 3, descriptor: matrix),
                layers: layers)
        } else {
            samples = nil
        }
        outputs = [Output(tensor: input, place: 0, needsGradient: needsInputGradient)]
    }

    /// Compiles the forward pass of all layers.
    /// - Returns: the output of the last layer, plain, `[batch]` times the model's output.
    func compileForward() throws(OneDNNError) -> Tensor {
        for (index, node) in model.nodes.enumerated() {
            layerIndex = index
            let sources = node.inputs.map { outputs[$0.position] }
            // What the layer puts out unless it says otherwise.
            outputs.append(
                Output(
                    tensor: sources[0].tensor, place: sources[0].place,
                    needsGradient: sources.contains { $0.needsGradient }))
            if skipped.contains(index) { continue }
            inputs = []
            for source in sources {
                inputs.append(try node.layer.takesBrainFloats ? source.tensor : floats(source.tensor))
            }
            try node.layer.compile(into: self)
        }
        let last = outputs[model.nodes.count].tensor
        let output = try reordered(last, to: .plain(last.descriptor.extents))
        buffers[output.buffer].storage = .persistent
        return Tensor(buffer: output.buffer, descriptor: try .plain([batch] + model.output.extents))
    }

    /// Compiles the backward pass of all layers, last to first, down to the first one with parameters.
    /// - Parameters:
    ///   - gradient: gradient with respect to the output, plain.
    ///   - needsInputGradient: as given to the initializer.
    /// - Returns: the gradient with respect to the input, plain; nil where it is not needed.
    func compileBackward(from gradient: Tensor, needsInputGradient: Bool) throws(OneDNNError) -> Tensor? {
        pass = .backward
        let last = outputs[model.nodes.count]
        // A flattened output has another name than the tensor it is. The caller reads what it wrote: not to be changed.
        let extents = last.tensor.descriptor.extents
        gradients[last.place] = Gradient(tensor: Tensor(buffer: gradient.buffer, descriptor: try .plain(extents)))
        while let (place, differentiate) = tape.popLast() {
            guard let gradient = gradients.removeValue(forKey: place) else { continue }
            layerIndex = place - 1
            let results = try differentiate(self, gradient)
            for (source, result) in zip(model.nodes[place - 1].inputs, results) {
                if let result { try add(result, to: outputs[source.position]) }
            }
        }
        guard needsInputGradient, let first = gradients[0] else { return nil }
        let result = try reordered(first.tensor, to: input.descriptor)
        buffers[result.buffer].storage = .persistent
        return result
    }

    /// Adds up the gradients that a tensor's readers send back.
    private func add(_ gradient: Gradient, to output: Output) throws(OneDNNError) {
        guard let first = gradients[output.place] else {
            gradients[output.place] = gradient
            return
        }
        let layout = output.tensor.descriptor.of(dnnl_f32)
        let (sum, addend) = first.isShared && !gradient.isShared ? (gradient, first) : (first, gradient)
        let total = try owned(sum, in: layout)
        run(on: total, with: try reordered(addend.tensor, to: layout)) { total, addend, _ in
            for i in 0..<total.count { total[unchecked: i] += addend[unchecked: i] }
        }
        gradients[output.place] = Gradient(tensor: total, isRectified: first.isRectified && gradient.isRectified)
    }
}
