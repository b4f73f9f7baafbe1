import COneDNN

/// The compiler of a ``QuantizedPlan``: makes the primitives of a quantised model, first to last. Channels of a pixel
/// lie side by side, as the primitives for whole numbers want it.
///
/// Before VNNI a processor adds two products of bytes in 16 bits, where 255·127 + 255·127 saturates, and oneDNN's
/// kernels with it (oneDNN's developer guide, "Nuances of int8 Computations"). There layers with weights compute the
/// same whole numbers as floats, whose sums are exact up to 2²⁴.
final class QuantizedPlanBuilder {
    /// A tensor in memory of its own, or in that of another block.
    private struct Block {
        let arena: Arena
        let descriptor: MemoryDescriptor

        /// Zeros.
        init(_ descriptor: MemoryDescriptor) {
            arena = Arena(byteCount: descriptor.byteCount)
            self.descriptor = descriptor
        }

        /// A copy of some values, which have as many bytes as the layout.
        init<Element: BitwiseCopyable>(_ descriptor: MemoryDescriptor, _ values: [Element]) {
            self.init(descriptor)
            precondition(values.count * MemoryLayout<Element>.stride == descriptor.byteCount, "other values")
            arena.base.copyMemory(from: values, byteCount: descriptor.byteCount)
        }

        /// The memory of a block, read in another layout.
        init(_ block: Block, as descriptor: MemoryDescriptor) {
            arena = block.arena
            self.descriptor = descriptor
        }
    }

    /// The tensor between two stages.
    private struct Activation {
        var block: Block
        /// Whether its elements are whole numbers of the scale; otherwise they are real numbers, which are rounded
        /// before the next layer with weights or, without a scale, are the model's output.
        var isWhole: Bool
        var scale: IntegerScale?
        /// Shape of one sample, whatever the layout.
        var shape: Shape

        var type: dnnl_data_type_t { isWhole ? scale?.type ?? dnnl_f32 : dnnl_f32 }
    }

    private let quantized: QuantizedModel
    private let batch: Int
    private let usesIntegerKernels: Bool
    private let engine: Engine
    private let input: Block
    /// The input of the next stage.
    private var current: Activation
    private var planned: [(descriptor: PrimitiveDescriptor, arguments: [(argument: Int32, block: Block)])] = []
    /// The implementation of each primitive.
    private(set) var implementations: [String] = []

    /// Makes a compiler, whose first tensor is the plain input of floats.
    init(
        _ quantized: QuantizedModel, batch: Int, usesIntegerKernels: Bool, engine: Engine
    ) throws(OneDNNError) {
        self.quantized = quantized
        self.batch = batch
        self.usesIntegerKernels = usesIntegerKernels
        self.engine = engine
        input = Block(try .plain([batch] + quantized.model.input.extents))
        current = Activation(block: input, isWhole: false, scale: quantized.input, shape: quantized.model.input)
    }

    /// Plans all stages, and at their end the change of the result into plain real numbers.
    func compile() throws(OneDNNError) {
        var layers = quantized.layers[...]
        let stages = quantized.model.inferenceStages ?? []
        for stage in stages {
            switch stage.operation {
            case .convolution(let convolution):
                guard let layer = layers.popFirst() else { break }
                if !current.isWhole, convolution.inputs < Self.fewChannels {
                    try addReal(convolution, layer, stage)
                } else {
                    try add(convolution, layer, stage)
                }
            case .linear(let linear):
                guard let layer = layers.popFirst() else { break }
                try add(linear, layer, stage)
            case .pooling(let pooling): try add(pooling, stage)
            case .rectifier: try addReLU()
            }
        }
        let scale = current.isWhole ? current.scale?.step ?? 1 : 1
        try replace(current.block, by: .plain([batch] + current.shape.extents), scale: scale)
    }

    /// Makes the primitives. Unlike those of a ``Plan``, activations do not share memory.
    /// - Returns: the primitives in order, and the arenas: the input's, the output's, then all others.
    func finish() throws(OneDNNError) -> (steps: [Primitive], arenas: [Arena]) {
        var scratchBytes = 0
        for step in planned { scratchBytes = max(scratchBytes, try step.descriptor.scratchpad.byteCount) }
        let scratch = Arena(byteCount: scratchBytes)
        var arenas = [input.arena, current.block.arena, scratch]
        var steps: [Primitive] = []
        for step in planned {
            var memories: [(argument: Int32, memory: Memory)] = []
            for (argument, block) in step.arguments {
                memories.append((argument, try Memory(block.descriptor, at: block.arena.base, engine: engine)))
                if !arenas.contains(where: { $0 === block.arena }) { arenas.append(block.arena) }
            }
            let descriptor = try step.descriptor.scratchpad
            if descriptor.byteCount > 0 {
                memories.append((DNNL_ARG_SCRATCHPAD, try Memory(descriptor, at: scratch.base, engine: engine)))
            }
            steps.append(try Primitive(step.descriptor, memories, engine: engine))
        }
        return (steps, arenas)
    }
}

// Stages.
extension QuantizedPlanBuilder {
    /// Number of input channels below which the kernels for whole numbers are slower than those for real ones: by a
    /// factor of two for one channel.
    private static let fewChannels = 4

    /// Rounds the current tensor to whole numbers of its scale, unless it has them.
    private func quantize() throws(OneDNNError) {
        guard !current.isWhole, let scale = current.scale else { return }
        let layout = try MemoryDescriptor.channelsLast(current.block.descriptor.extents, scale.type)
        try replace(current.block, by: layout, scale: 1 / scale.step)
        current.isWhole = true
    }

    /// Adds a convolution of real images by the real numbers that its whole weights stand for. Its output is rounded
    /// before the next layer with weights, behind a pooling: rounding does not change which value is the largest.
    private func addReal(
        _ convolution: Conv2D, _ layer: QuantizedModel.Layer, _ stage: InferenceStage
    ) throws(OneDNNError) {
        var source = current.block.descriptor.raw
        let extents = convolution.weightExtents
        var weights = try MemoryDescriptor.any(extents).raw
        var bias = try MemoryDescriptor.plain([convolution.outputs]).raw
        var destination = try MemoryDescriptor.any([batch] + stage.output.extents).raw
        var operation = dnnl_convolution_desc_t()
        try describe(convolution, &operation, &source, &weights, &bias, &destination)
        let primitive = try PrimitiveDescriptor(
            "convolution", &operation, appliesReLU: stage.appliesReLU, engine: engine)
        let perChannel = layer.weights.count / layer.weightSteps.count
        let values = layer.weights.indices.map { Float(layer.weights[$0]) * layer.weightSteps[$0 / perChannel] }
        let plain = Block(try .plain(extents), values)
        let result = Block(try primitive.destination)
        run(
            primitive,
            [
                (DNNL_ARG_SRC, current.block), (DNNL_ARG_WEIGHTS, try constant(plain, as: primitive.weights)),
                (DNNL_ARG_BIAS, Block(try .plain([convolution.outputs]), layer.biases)), (DNNL_ARG_DST, result),
            ])
        current = Activation(block: result, isWhole: false, scale: layer.output, shape: stage.output)
    }

    private func add(
        _ convolution: Conv2D, _ layer: QuantizedModel.Layer, _ stage: InferenceStage
    ) throws(OneDNNError) {
        try quantize()
        var source = try MemoryDescriptor.any(current.block.descriptor.extents, carrier(current.type)).raw
        let extents = convolution.weightExtents
        var weights = try MemoryDescriptor.any(extents, carrier(dnnl_s8)).raw
        var bias = try biasLayout(convolution.outputs)
        var destination = try MemoryDescriptor.any([batch] + stage.output.extents, carrier(layer.type)).raw
        var operation = dnnl_convolution_desc_t()
        try describe(convolution, &operation, &source, &weights, &bias, &destination)
        try run(&operation, "int8 convolution", layer, layer.weights, extents, stage)
    }

    private func add(_ linear: Linear, _ layer: QuantizedModel.Layer, _ stage: InferenceStage) throws(OneDNNError) {
        var weights = layer.weights
        if current.block.arena === input.arena {
            // Flattened as it is.
            current.block = Block(current.block, as: try .plain([batch, linear.inputs]))
        }
        try quantize()
        if current.block.descriptor.extents.count == 4 {
            // The features are those of pixels with their channels side by side: so are the weights to be.
            let layout = try MemoryDescriptor.channelsLast(current.block.descriptor.extents, current.type)
            try replace(current.block, by: layout)
            weights = Self.channelsLast(weights, rows: linear.outputs, current.shape)
            current.block = Block(current.block, as: try .plain([batch, linear.inputs], current.type))
        }
        var source = try MemoryDescriptor.plain([batch, linear.inputs], carrier(current.type)).raw
        let extents = [linear.outputs, linear.inputs]
        var weightLayout = try MemoryDescriptor.any(extents, carrier(dnnl_s8)).raw
        var bias = try biasLayout(linear.outputs)
        var destination = try MemoryDescriptor.plain([batch, linear.outputs], carrier(layer.type)).raw
        var operation = dnnl_inner_product_desc_t()
        try check(
            "dnnl_inner_product_forward_desc_init",
            dnnl_inner_product_forward_desc_init(
                &operation, dnnl_forward_inference, &source, &weightLayout, &bias, &destination))
        try run(&operation, "int8 linear", layer, weights, extents, stage)
    }

    private func add(_ pooling: MaxPool2D, _ stage: InferenceStage) throws(OneDNNError) {
        let strides = [Int64](repeating: Int64(pooling.stride), count: 2)
        let window = [Int64](repeating: Int64(pooling.kernel), count: 2)
        let extents = current.block.descriptor.extents
        let margins = [Int64](repeating: Int64(pooling.padding), count: 2)
        let ends = extents.suffix(2).map { Int64(pooling.windows.paddingBehind($0)) }
        var source = current.block.descriptor.raw
        var destination = try MemoryDescriptor.any([batch] + stage.output.extents, current.type).raw
        var operation = dnnl_pooling_desc_t()
        try check(
            "dnnl_pooling_forward_desc_init",
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_pooling_max, &source, &destination, strides, window, margins,
                ends))
        let primitive = try PrimitiveDescriptor("int8 max pooling", &operation, engine: engine)
        let result = Block(try primitive.destination)
        run(primitive, [(DNNL_ARG_SRC, current.block), (DNNL_ARG_DST, result)])
        current.block = result
        current.shape = stage.output
    }

    private func addReLU() throws(OneDNNError) {
        try quantize()
        var layout = current.block.descriptor.raw
        var operation = dnnl_eltwise_desc_t()
        try check(
            "dnnl_eltwise_forward_desc_init",
            dnnl_eltwise_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_eltwise_relu, &layout, 0, 0))
        let primitive = try PrimitiveDescriptor("int8 ReLU", &operation, engine: engine)
        let result = Block(current.block.descriptor)
        run(primitive, [(DNNL_ARG_SRC, current.block), (DNNL_ARG_DST, result)])
        current.block = result
    }
}

// Primitives.
extension QuantizedPlanBuilder {
    /// The type in which a layer with weights computes whole numbers of a type.
    private func carrier(_ type: dnnl_data_type_t) -> dnnl_data_type_t { usesIntegerKernels ? type : dnnl_f32 }

    /// The layout of a layer's own bias; none where floats compute. There the bias, a fraction, is added to the
    /// finished sum of whole numbers, as the integer kernels do: within the sum it would cost exactness.
    private func biasLayout(_ outputs: Int) throws(OneDNNError) -> dnnl_memory_desc_t {
        usesIntegerKernels ? try MemoryDescriptor.plain([outputs]).raw : dnnl_memory_desc_t()
    }

    /// Adds a convolution or a linear layer. A sum of products is in units of the input's step times the channel's; the
    /// bias is added in these, then the result is brought to the output's scale.
    private func run(
        _ operation: UnsafeRawPointer, _ what: String, _ layer: QuantizedModel.Layer, _ weights: [Int8],
        _ extents: [Int], _ stage: InferenceStage
    ) throws(OneDNNError) {
        let inputStep = current.scale?.step ?? 1
        let units = layer.weightSteps.map { $0 * inputStep }
        let biases = zip(layer.biases, units).map { $0 / $1 }
        let scales = units.map { $0 / (layer.output?.step ?? 1) }
        let perChannel = [1, units.count] + stage.output.extents.dropFirst().map { _ in 1 }
        let affine = try MemoryDescriptor.plain(perChannel)
        let primitive = try PrimitiveDescriptor(
            what, operation, appliesReLU: stage.appliesReLU, scales: usesIntegerKernels ? scales : [],
            affine: usesIntegerKernels ? nil : affine, engine: engine)

        try replace(current.block, by: primitive.source)
        let whole =
            usesIntegerKernels
            ? Block(try .plain(extents, dnnl_s8), weights) : Block(try .plain(extents), weights.map(Float.init))
        let stored = try constant(whole, as: primitive.weights)
        let result = Block(try primitive.destination)
        let arguments = [
            (DNNL_ARG_SRC, current.block), (DNNL_ARG_WEIGHTS, stored), (DNNL_ARG_DST, result),
        ]
        if usesIntegerKernels {
            run(primitive, arguments + [(DNNL_ARG_BIAS, Block(try .plain([units.count]), biases))])
        } else {
            let (addend, factor) = (Block(affine, biases), Block(affine, scales))
            run(primitive, arguments + [(PrimitiveDescriptor.addend, addend), (PrimitiveDescriptor.factor, factor)])
        }
        current = Activation(block: result, isWhole: layer.output != nil, scale: layer.output, shape: stage.output)
        if layer.output != nil, !usesIntegerKernels {
            // Rounded to the nearest, and cut off at the ends.
            try replace(result, by: .channelsLast(result.descriptor.extents, layer.type))
        }
    }

    /// Initialises the C description of a convolution for inference.
    private func describe(
        _ convolution: Conv2D, _ operation: inout dnnl_convolution_desc_t, _ source: inout dnnl_memory_desc_t,
        _ weights: inout dnnl_memory_desc_t, _ bias: inout dnnl_memory_desc_t, _ destination: inout dnnl_memory_desc_t
    ) throws(OneDNNError) {
        let strides = [Int64](repeating: Int64(convolution.stride), count: 2)
        let margins = [Int64](repeating: Int64(convolution.padding), count: 2)
        let gaps = [Int64](repeating: Int64(convolution.dilation - 1), count: 2)
        try check(
            "dnnl_dilated_convolution_forward_desc_init",
            dnnl_dilated_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias, &destination,
                strides, gaps, margins, margins))
    }

    /// Appends a primitive.
    private func run(_ descriptor: PrimitiveDescriptor, _ arguments: [(argument: Int32, block: Block)]) {
        implementations.append(descriptor.implementation)
        planned.append((descriptor, arguments))
    }

    /// Puts a copy of a tensor in another layout or type in the place of the current one, unless nothing changes.
    /// - Parameter scale: factor of each element.
    private func replace(_ block: Block, by layout: MemoryDescriptor, scale: Float = 1) throws(OneDNNError) {
        guard block.descriptor != layout || scale != 1 else { return }
        let result = Block(layout)
        let descriptor = try PrimitiveDescriptor(
            reorder: block.descriptor, to: layout, scale: scale, engine: engine)
        run(descriptor, [(DNNL_ARG_FROM, block), (DNNL_ARG_TO, result)])
        current.block = result
    }

    /// Weights in the layout of their primitive, which may hold sums of weights besides. The copy is made at once:
    /// weights do not change.
    private func constant(_ source: Block, as layout: MemoryDescriptor) throws(OneDNNError) -> Block {
        guard source.descriptor != layout else { return source }
        let result = Block(layout)
        let descriptor = try PrimitiveDescriptor(reorder: source.descriptor, to: layout, engine: engine)
        let scratch = Block(try descriptor.scratchpad)
        var memories: [(argument: Int32, memory: Memory)] = []
        for (argument, block) in [
            (DNNL_ARG_FROM, source), (DNNL_ARG_TO, result), (DNNL_ARG_SCRATCHPAD, scratch),
        ] where block.descriptor.byteCount > 0 {
            memories.append((argument, try Memory(block.descriptor, at: block.arena.base, engine: engine)))
        }
        try Primitive(descriptor, memories, engine: engine).execute()
        withExtendedLifetime((source, scratch)) {}
        return result
    }

    /// Rows of `[channels, height, width]` as `[height, width, channels]`.
    private static func channelsLast(_ weights: [Int8], rows: Int, _ shape: Shape) -> [Int8] {
        let (channels, pixels) = (shape.extents[0], shape.extents.dropFirst().reduce(1, *))
        var result = weights
        for row in 0..<rows {
            for channel in 0..<channels {
                for pixel in 0..<pixels {
                    result[(row * pixels + pixel) * channels + channel] =
                        weights[(row * channels + channel) * pixels + pixel]
                }
            }
        }
        return result
    }
}

extension IntegerScale {
    fileprivate var type: dnnl_data_type_t { isSigned ? dnnl_s8 : dnnl_u8 }
}

extension QuantizedModel.Layer {
    /// Type of its output.
    fileprivate var type: dnnl_data_type_t { output?.type ?? dnnl_f32 }
}
