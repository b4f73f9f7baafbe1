public import FedCore

/// A model compiled by oneDNN for one batch size: its primitives, and the memory that they work on.
///
/// A rank makes one plan and reuses it for all clients that it trains, loading each client's weights. A pass allocates
/// nothing, but for batch normalisation the first time that it sees a smaller number of samples. A step of training is
///
/// ```swift
/// plan.withInput { images in … }                            // [batch, channels, height, width]
/// let result = try plan.forwardBackward(labels: labels.span)
/// optimizer.step(plan)
/// ```
///
/// Trained weights, gradients and the optimizer's moments are blocks of the same length and order. The order is
/// the primitives' own: work on it element by element, and enter and leave through `load` and `store`. Padding inside
/// is zero and stays zero under any operation that maps zeros to zero. Running statistics lie in a block of their own,
/// which only `load` and training passes write.
///
/// Use a plan on one thread at a time; it is not `Sendable`. Equal inputs give equal bits, in any plan of the same
/// model, batch size and number of threads on the same kind of processor.
///
/// Its errors are the library's: an `OneDNNError` names the C function that failed, and the reason.
public final class Plan {
    /// The passes that a plan is compiled for.
    public enum Purpose: Sendable {
        /// Forward and backward: activations are kept until the backward pass has used them.
        case training
        /// Forward only: memory of an activation is reused as soon as the next layer has read it, and normalisation is
        /// folded into the layer before it where there is one, so that the last bits of a score may be others.
        case inference
    }

    /// The model that was compiled.
    public let model: Model
    /// Samples of a full batch. A pass may have fewer; it takes as long as a full one.
    public let batch: Int
    /// The passes that the plan was compiled for.
    public let purpose: Purpose
    /// The implementation that oneDNN chose for each primitive, e.g. `jit:avx512_core`; `ref:any` is the slow fallback.
    public let implementations: [String]

    /// Bytes of the tensors that the plan holds; oneDNN's machine code comes on top.
    public var byteCount: Int { memory.byteCount + optimizerState.byteCount }

    let memory: PlanMemory
    /// What the optimizer remembers from step to step.
    private let optimizerState: OptimizerState
    private let forwardSteps: [any Step]
    private let backwardSteps: [any Step]
    /// Steps that add up clipped gradients; none in a plan that does not clip.
    let sumSteps: [any Step]
    /// What the plan keeps of single samples' gradients; nil where it does not clip them.
    let samples: SampleTensors?
    let parameters: [ParameterTransfer]
    /// What was compiled in the model's place; nil where that is the model.
    private let folded: FoldedModel?
    let engine: Engine
    private let input: Tensor
    private let output: Tensor
    /// Nil for inference.
    private let outputGradient: Tensor?
    /// Nil unless the plan was made with `needsInputGradient`.
    private let inputGradient: Tensor?
    /// The context of the latest forward pass of training: its backward pass needs the same masks and samples.
    private(set) var training = StepContext(dropout: nil, count: 0, isTraining: true)

    /// Compiles a model. Its weights are zero until `load`.
    ///
    /// - Parameters:
    ///   - model: the model, or a part of one.
    ///   - batch: samples of a full batch, > 0.
    ///   - purpose: the passes to compile.
    ///   - needsInputGradient: whether a backward pass computes the gradient of the input, which the layers before a
    ///     part need.
    ///   - clipsSamples: whether gradients are clipped sample by sample: a backward pass leaves the lengths of samples' gradients,
    ///     and `clipGradients(to:)` the sum.
    ///   - precision: type of the numbers that are multiplied; inputs, outputs, weights and gradients are Floats.
    ///   - threads: OpenMP threads of each pass, > 0. Another number may change the last bits of sums.
    /// - Throws: `OneDNNError` when the library has no implementation for a layer, or memory is exhausted.
    /// - Complexity: tens of milliseconds the first time in a process, less when oneDNN's cache has the primitives.
    /// - Precondition: `batch` and `threads` are positive; only a plan for training has an input gradient; only one for
    ///   training in single precision clips samples, of a model without batch normalisation.
    public init(
        _ model: Model, batch: Int, purpose: Purpose, needsInputGradient: Bool = false, clipsSamples: Bool = false,
        precision: Precision = .single, threads: Int = 1
    ) throws(OneDNNError) {
        precondition(
            !clipsSamples
                || purpose == .training && precision == .single
                    && model.parameterLayout.entries.allSatisfy { $0.role == .trained },
            "samples are not clipped here")
        precondition(batch > 0 && threads > 0, "a plan for \(batch) samples on \(threads) threads")
        precondition(purpose == .training || !needsInputGradient, "a plan for inference has no gradients")
        let engine = try Engine(threads: threads)
        let folded = purpose == .inference ? FoldedModel(model) : nil
        let compiled = folded?.model ?? model
        let builder = try PlanBuilder(
            compiled, batch: batch, purpose: purpose, needsInputGradient: needsInputGradient,
            clipsSamples: clipsSamples, precision: precision, engine: engine)
        let output = try builder.compileForward()
        var outputGradient: Tensor?
        var inputGradient: Tensor?
        if purpose == .training {
            let gradient = builder.tensor(output.descriptor, storage: .persistent)
            inputGradient = try builder.compileBackward(from: gradient, needsInputGradient: needsInputGradient)
            outputGradient = gradient
            try builder.compileSums()
        }
        let memory = PlanMemory(
            builder.buffers, parameterBytes: builder.parameterBytes, statisticBytes: builder.statisticBytes,
            purpose: purpose, steps: (builder.forward + builder.backward + builder.sums).map(\.tensors))
        forwardSteps = try Self.bind(builder.forward, to: memory)
        backwardSteps = try Self.bind(builder.backward, to: memory)
        sumSteps = try Self.bind(builder.sums, to: memory)
        samples = builder.samples
        var parameters: [ParameterTransfer] = []
        for (parameter, entry) in zip(builder.parameters, compiled.parameterLayout.entries) {
            parameters.append(
                try ParameterTransfer(parameter.descriptor, at: parameter.offset, entry, engine: engine))
        }
        if let frozen = model.frozen {
            for constant in builder.constants {
                try ParameterTransfer(constant.descriptor, at: constant.offset, constant.entry, engine: engine)
                    .load(tensor: frozen.start.span.extracting(constant.entry.range), into: memory.statistics)
            }
        }
        self.parameters = parameters
        self.folded = folded
        self.model = model
        self.batch = batch
        self.purpose = purpose
        self.memory = memory
        implementations = builder.implementations
        optimizerState = OptimizerState(byteCount: memory.gradients.byteCount)
        self.engine = engine
        input = builder.input
        self.output = output
        self.outputGradient = outputGradient
        self.inputGradient = inputGradient
    }

    /// Gives the tensors of planned steps their addresses.
    private static func bind(
        _ steps: [PlanBuilder.PlannedStep], to memory: PlanMemory
    ) throws(OneDNNError) -> [any Step] {
        var bound: [any Step] = []
        for step in steps { bound.append(try step.bind(memory)) }
        return bound
    }
}

// Passes.
extension Plan {
    /// Gives a closure the memory that a batch is written to before a pass: plain `[batch, channels, height, width]`.
    ///
    /// Writing there spares a copy of the batch. The memory keeps its contents from pass to pass; samples beyond a
    /// pass's count do not influence it as long as they are finite.
    /// - Throws: the errors of `body` alone.
    public func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.withFloats(of: input, body)
    }

    /// Gives a closure the output of the latest pass: plain; for a whole model `[batch, classes]`, the scores before
    /// softmax. Rows beyond the pass's count have no meaning.
    /// - Throws: the errors of `body` alone.
    public func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.withFloats(of: output) { (output) throws(Failure) in try body(output.span) }
    }

    /// Runs the forward pass as an evaluation: without dropout, normalised by the running statistics.
    /// - Parameter count: number of valid samples in the input, 0 < count ≤ batch.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func forward(_ count: Int) throws(OneDNNError) {
        try runForward(StepContext(dropout: nil, count: count, isTraining: false))
    }

    /// Runs the forward pass as an evaluation, and compares its scores with labels.
    /// - Parameter labels: classes of the first samples in the input, each in 0 ..< classes; 0 < count ≤ batch.
    /// - Returns: the sum of these samples' cross-entropies, and how many were classified correctly.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func evaluate(labels: Span<Int32>) throws(OneDNNError) -> BatchResult {
        try forward(labels.count)
        return memory.withFloats(of: output) { output in
            SoftmaxCrossEntropy.evaluate(output.span, classes: model.classes, labels: labels)
        }
    }

    /// Runs the forward pass, the loss and the backward pass of a training step. The gradient of the mean loss of the
    /// first `labels.count` samples is then in `withGradients`.
    ///
    /// Batch normalisation is by the statistics of these samples, and moves the running statistics; nothing else of the
    /// weights changes until an optimizer's step.
    ///
    /// - Parameters:
    ///   - labels: classes of the first samples in the input, each in 0 ..< classes; 0 < count ≤ batch.
    ///   - loss: a loss that takes labels.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Returns: the sum of the samples' losses, and how many were classified correctly.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: the plan is for training.
    public func forwardBackward(
        labels: Span<Int32>, loss: Loss = .crossEntropy(), dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        try forwardForTraining(labels.count, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            loss.differentiate(output, width: model.classes, labels: labels, gradient: &gradient)
        }
        try backward()
        return result
    }

    /// Runs the forward steps.
    /// - Precondition: 0 < context.count ≤ batch.
    private func runForward(_ context: StepContext) throws(OneDNNError) {
        precondition(context.count > 0 && context.count <= batch, "\(context.count) samples in a batch of \(batch)")
        engine.activate()
        for step in forwardSteps { try step.execute(context) }
    }
}

// The halves of a training pass, for a loss that is not the labels' cross-entropy, or is computed elsewhere: by a
// teacher's scores, or by the server's part of a split model.
extension Plan {
    /// Runs the forward half of a training step; `withOutputGradient` and `backward` must follow.
    ///
    /// - Parameters:
    ///   - count: number of valid samples in the input, 0 < count ≤ batch.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: the plan is for training.
    public func forwardForTraining(_ count: Int, dropout: DropoutKey? = nil) throws(OneDNNError) {
        precondition(purpose == .training, "a plan for inference has no backward pass")
        training = StepContext(dropout: dropout, count: count, isTraining: true)
        try runForward(training)
    }

    /// Gives a closure the output of the forward half, and the memory for the gradient of the loss with respect to it.
    ///
    /// Both are plain, `[batch]` times the model's output. The gradient must be written as a whole, with zeros for the
    /// samples beyond the pass's count: they would take part in the weights' gradients otherwise.
    /// - Throws: the errors of `body` alone.
    /// - Precondition: the plan is for training.
    public func withOutputGradient<Result, Failure: Error>(
        _ body: (_ output: Span<Float>, _ gradient: inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let outputGradient else { preconditionFailure("a plan for inference has no gradients") }
        return try memory.withFloats(of: outputGradient) { (gradient) throws(Failure) in
            try memory.withFloats(of: output) { (output) throws(Failure) in try body(output.span, &gradient) }
        }
    }

    /// Runs the backward half: computes the gradients of the parameters, which are then in `withGradients`, and that
    /// of the input, if the plan has one, in `withInputGradient`. Earlier gradients are replaced, not added to.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: `forwardForTraining` came before.
    public func backward() throws(OneDNNError) {
        precondition(training.count > 0, "no forward pass came before")
        engine.activate()
        for step in backwardSteps { try step.execute(training) }
    }

    /// Gives a closure the gradient of the loss with respect to the input, after `backward`: plain, `[batch]` times the
    /// model's input.
    /// - Throws: the errors of `body` alone.
    /// - Precondition: the plan was made with `needsInputGradient`.
    public func withInputGradient<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let inputGradient else { preconditionFailure("the plan was made without an input gradient") }
        return try memory.withFloats(of: inputGradient) { (gradient) throws(Failure) in try body(gradient.span) }
    }
}

// Weights.
extension Plan {
    /// Copies weights into the plan: the trained ones and the running statistics.
    /// - Parameter weights: `[model.parameterCount]`, in the canonical order.
    /// - Throws: `OneDNNError` when a reordering fails.
    /// - Complexity: O(parameters): a copy where the primitive's layout is plain, a reordering otherwise; where
    ///   normalisation is folded, a pass of arithmetic and one layer's memory.
    public func load(_ weights: Span<Float>) throws(OneDNNError) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        engine.activate()
        guard let folded else {
            for parameter in parameters { try parameter.load(weights, into: memory) }
            return
        }
        try folded.forEachParameter(of: weights) { (entry, tensor) throws(OneDNNError) in
            try parameters[entry].load(tensor: tensor, into: memory)
        }
    }

    /// Copies the weights and running statistics out of the plan. `load` and then `store` gives the same bits.
    /// O(parameters).
    /// - Parameter weights: `[model.parameterCount]`, in the canonical order.
    /// - Throws: `OneDNNError` when a reordering fails.
    /// - Precondition: the plan is for training.
    public func store(into weights: inout MutableSpan<Float>) throws(OneDNNError) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        precondition(purpose == .training, "a plan for inference gives no weights back")
        engine.activate()
        for parameter in parameters { try parameter.store(into: &weights, from: memory) }
    }

    /// Copies the gradients of the latest backward pass out of the plan. O(parameters).
    /// - Parameter gradients: `[model.parameterCount]`, in the canonical order; zeros for running statistics.
    /// - Throws: `OneDNNError` when a reordering fails.
    /// - Precondition: the plan is for training.
    public func storeGradients(into gradients: inout MutableSpan<Float>) throws(OneDNNError) {
        precondition(gradients.count == model.parameterCount, "\(gradients.count) of \(model.parameterCount) gradients")
        precondition(purpose == .training, "a plan for inference has no gradients")
        engine.activate()
        for parameter in parameters { try parameter.storeGradient(into: &gradients, from: memory) }
    }

    /// Gives a closure the trained weights in the primitives' order, with padding that must stay zero. No copy.
    /// - Throws: the errors of `body` alone.
    public func withWeights<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.weights.withFloats(body)
    }

    /// Gives a closure the gradients, which it may change in place, and the trained weights at which they were taken.
    /// Both are in the primitives' order, with padding that must stay zero. No copy.
    /// - Throws: the errors of `body` alone.
    /// - Precondition: the plan is for training.
    public func withGradients<Result, Failure: Error>(
        _ body: (_ gradients: inout MutableSpan<Float>, _ weights: Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(purpose == .training, "a plan for inference has no gradients")
        return try memory.gradients.withFloats { (gradients) throws(Failure) in
            try memory.weights.withFloats { (weights) throws(Failure) in try body(&gradients, weights.span) }
        }
    }

    /// Forgets what the optimizer remembers, as a new optimizer has it: a client's momentum ends with its turn, because
    /// the next client on this rank is another. O(parameters).
    public func resetOptimizer() { optimizerState.reset() }

    /// Gives an optimizer the trained weights, the gradients, and a velocity that is zero after `resetOptimizer`: three
    /// vectors in one order.
    /// - Precondition: the plan is for training.
    func withOptimizerState(
        _ body: (inout MutableSpan<Float>, Span<Float>, _ velocity: inout MutableSpan<Float>) -> Void
    ) {
        precondition(purpose == .training, "a plan for inference has no optimizer")
        memory.weights.withFloats { weights in
            memory.gradients.withFloats { gradients in
                optimizerState.first.withFloats { velocity in body(&weights, gradients.span, &velocity) }
            }
        }
    }

    /// Gives an optimizer with two moments the trained weights, the gradients, both moments, and the number of this
    /// step, from 1: the moments are zero and the number is 1 after `resetOptimizer`. All vectors are in one order.
    /// - Complexity: allocates the second moment the first time.
    /// - Precondition: the plan is for training.
    func withMoments(
        _ body: (
            inout MutableSpan<Float>, Span<Float>, _ first: inout MutableSpan<Float>,
            _ second: inout MutableSpan<Float>, _ step: Int
        ) -> Void
    ) {
        precondition(purpose == .training, "a plan for inference has no optimizer")
        let (second, step) = optimizerState.beginStep()
        memory.weights.withFloats { weights in
            memory.gradients.withFloats { gradients in
                optimizerState.first.withFloats { first in
                    second.withFloats { second in body(&weights, gradients.span, &first, &second, step) }
                }
            }
        }
    }
}
