import FedCore

/// A model compiled for one batch size: its primitives, and the memory they work on.
///
/// Trained weights, gradients and the optimizer's velocity are three blocks of the same length and order. The order is
/// the primitives' own: work on it element by element, and enter and leave through `load` and `store`. Padding inside is
/// zero and stays zero under any operation that maps zeros to zero. Running statistics lie in a block of their own, which
/// only `load` and training passes write.
///
/// Use a plan on one thread at a time. Equal inputs give equal bits, in any plan of the same model, batch size and
/// number of threads on the same kind of processor.
public final class Plan {
    public enum Purpose: Sendable {
        /// Forward and backward.
        case training
        /// Forward only, with less memory.
        case inference
    }

    public let model: Model
    /// Samples of a full batch.
    public let batch: Int
    public let purpose: Purpose
    /// The implementation oneDNN chose for each primitive, e.g. `jit:avx512_core`.
    public let implementations: [String]

    /// Bytes of tensors it holds; oneDNN's code comes on top.
    public var byteCount: Int { memory.byteCount + velocity.byteCount }

    private let memory: PlanMemory
    private let velocity: Arena
    private let forwardSteps: [any Step]
    private let backwardSteps: [any Step]
    private let parameters: [ParameterTransfer]
    private let engine: Engine
    private let input: Tensor
    private let output: Tensor
    private let outputGradient: Tensor?
    private let inputGradient: Tensor?
    /// What the latest pass that trains was, for its backward pass.
    private var training = StepContext(dropout: nil, count: 0, isTraining: true)

    /// Compiles the model: tens of milliseconds the first time in a process, less when oneDNN knows the primitives.
    ///
    /// - Parameters:
    ///   - needsInputGradient: whether a backward pass leaves the gradient of the input, which the layers before a part
    ///     need.
    ///   - threads: OpenMP threads of each pass.
    /// - Precondition: `batch` and `threads` are positive; only a plan for training has an input gradient.
    public init(
        _ model: Model, batch: Int, purpose: Purpose, needsInputGradient: Bool = false, threads: Int = 1
    ) throws(OneDNNError) {
        precondition(batch > 0 && threads > 0, "a plan for \(batch) samples on \(threads) threads")
        precondition(purpose == .training || !needsInputGradient, "a plan for inference has no gradients")
        let engine = try Engine(threads: threads)
        let builder = try PlanBuilder(
            model, batch: batch, purpose: purpose, needsInputGradient: needsInputGradient, engine: engine)
        let output = try builder.compileForward()
        var outputGradient: Tensor?
        var inputGradient: Tensor?
        if purpose == .training {
            let gradient = builder.tensor(output.descriptor, storage: .persistent)
            inputGradient = try builder.compileBackward(from: gradient, needsInputGradient: needsInputGradient)
            outputGradient = gradient
        }
        let memory = PlanMemory(
            builder.buffers, parameterBytes: builder.parameterBytes, statisticBytes: builder.statisticBytes,
            purpose: purpose, steps: (builder.forward + builder.backward).map(\.tensors))
        forwardSteps = try Self.bind(builder.forward, to: memory)
        backwardSteps = try Self.bind(builder.backward, to: memory)
        var parameters: [ParameterTransfer] = []
        for (parameter, entry) in zip(builder.parameters, model.parameterLayout.entries) {
            parameters.append(
                try ParameterTransfer(parameter.descriptor, at: parameter.offset, entry, engine: engine))
        }
        self.parameters = parameters
        self.model = model
        self.batch = batch
        self.purpose = purpose
        self.memory = memory
        implementations = builder.implementations
        velocity = Arena(byteCount: memory.gradients.byteCount)
        self.engine = engine
        input = builder.input
        self.output = output
        self.outputGradient = outputGradient
        self.inputGradient = inputGradient
    }

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
    /// Where a batch goes before a pass: plain `[batch, channels, height, width]`. It keeps its contents; those beyond a
    /// pass's count do not influence it as long as they are finite.
    public func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.withFloats(of: input, body)
    }

    /// What the last layer put out in the latest pass: plain, `[batch, classes]` of a whole model, the scores.
    public func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.withFloats(of: output) { (output) throws(Failure) in try body(output.span) }
    }

    /// Forward alone, as an evaluation: without dropout, normalised by the running statistics.
    /// - Parameter count: the samples that count; 0 < count ≤ batch.
    public func forward(_ count: Int) throws(OneDNNError) {
        try runForward(StepContext(dropout: nil, count: count, isTraining: false))
    }

    /// Forward and loss of the first `labels.count` samples, without dropout, normalised by the running statistics.
    public func evaluate(labels: Span<Int32>) throws(OneDNNError) -> BatchResult {
        try forward(labels.count)
        return memory.withFloats(of: output) { output in
            SoftmaxCrossEntropy.evaluate(output.span, classes: model.classes, labels: labels)
        }
    }

    /// Forward, loss, backward: leaves the gradient of the mean loss of the first `labels.count` samples in
    /// `withGradients`. Batch normalisation is by the statistics of these samples, and moves the running statistics.
    ///
    /// - Parameters:
    ///   - labels: of the samples in the input; 0 < count ≤ batch.
    ///   - dropout: which masks to draw; nil for none.
    /// - Precondition: the plan is for training.
    public func forwardBackward(
        labels: Span<Int32>, dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        try forwardForTraining(labels.count, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            SoftmaxCrossEntropy.differentiate(output, classes: model.classes, labels: labels, gradient: &gradient)
        }
        try backward()
        return result
    }

    private func runForward(_ context: StepContext) throws(OneDNNError) {
        precondition(context.count > 0 && context.count <= batch, "\(context.count) samples in a batch of \(batch)")
        engine.activate()
        for step in forwardSteps { try step.execute(context) }
    }
}

// The halves of a training pass, for a loss that is not the labels' cross-entropy, or is taken elsewhere.
extension Plan {
    /// The forward half; `withOutputGradient` and `backward` are to follow.
    ///
    /// - Parameters:
    ///   - count: the samples that count; 0 < count ≤ batch.
    ///   - dropout: which masks to draw; nil for none.
    public func forwardForTraining(_ count: Int, dropout: DropoutKey? = nil) throws(OneDNNError) {
        precondition(purpose == .training, "a plan for inference has no backward pass")
        training = StepContext(dropout: dropout, count: count, isTraining: true)
        try runForward(training)
    }

    /// Where the gradient of the loss with respect to the output goes before `backward`: plain, of the output's shape, to
    /// be written whole; zero for samples that do not count.
    public func withOutputGradient<Result, Failure: Error>(
        _ body: (_ output: Span<Float>, _ gradient: inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let outputGradient else { preconditionFailure("a plan for inference has no gradients") }
        return try memory.withFloats(of: outputGradient) { (gradient) throws(Failure) in
            try memory.withFloats(of: output) { (output) throws(Failure) in try body(output.span, &gradient) }
        }
    }

    /// The backward half: leaves the gradients of the parameters in `withGradients`, and that of the input, if it was asked
    /// for, in `withInputGradient`.
    /// - Precondition: `forwardForTraining` came before.
    public func backward() throws(OneDNNError) {
        precondition(training.count > 0, "no forward pass came before")
        engine.activate()
        for step in backwardSteps { try step.execute(training) }
    }

    /// The gradient of the loss with respect to the input after `backward`: plain, of the input's shape.
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
    /// Takes weights in the canonical order. O(parameters).
    public func load(_ weights: Span<Float>) throws(OneDNNError) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        engine.activate()
        for parameter in parameters { try parameter.load(weights, into: memory) }
    }

    /// Gives the weights in the canonical order. O(parameters).
    public func store(into weights: inout MutableSpan<Float>) throws(OneDNNError) {
        precondition(weights.count == model.parameterCount, "\(weights.count) of \(model.parameterCount) weights")
        engine.activate()
        for parameter in parameters { try parameter.store(into: &weights, from: memory) }
    }

    /// The gradients of the latest `forwardBackward` in the canonical order; zeros for statistics. O(parameters).
    public func storeGradients(into gradients: inout MutableSpan<Float>) throws(OneDNNError) {
        precondition(gradients.count == model.parameterCount, "\(gradients.count) of \(model.parameterCount) gradients")
        precondition(purpose == .training, "a plan for inference has no gradients")
        engine.activate()
        for parameter in parameters { try parameter.storeGradient(into: &gradients, from: memory) }
    }

    /// The trained weights in the primitives' order.
    public func withWeights<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try memory.weights.withFloats(body)
    }

    /// The gradients, to be corrected in place, and the trained weights they were taken at, in the primitives' order.
    public func withGradients<Result, Failure: Error>(
        _ body: (_ gradients: inout MutableSpan<Float>, _ weights: Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(purpose == .training, "a plan for inference has no gradients")
        return try memory.gradients.withFloats { (gradients) throws(Failure) in
            try memory.weights.withFloats { (weights) throws(Failure) in try body(&gradients, weights.span) }
        }
    }

    /// Forgets the optimizer's velocity, as a fresh optimizer would.
    public func resetOptimizer() {
        velocity.withFloats { velocity in
            for i in velocity.indices { velocity[unchecked: i] = 0 }
        }
    }

    /// For an optimizer: trained weights, gradients, and a velocity that is zero after `resetOptimizer`.
    func withOptimizerState(
        _ body: (inout MutableSpan<Float>, Span<Float>, _ velocity: inout MutableSpan<Float>) -> Void
    ) {
        precondition(purpose == .training, "a plan for inference has no optimizer")
        memory.weights.withFloats { weights in
            memory.gradients.withFloats { gradients in
                velocity.withFloats { velocity in body(&weights, gradients.span, &velocity) }
            }
        }
    }
}
