import COneDNN

/// A quantised model compiled by oneDNN for one batch size: images and scores are floats, everything between is whole
/// numbers of eight bits, but for a first convolution with few channels.
///
/// Use it on one thread at a time. ``Variant/plan(batch:threads:)`` makes one.
public final class QuantizedPlan: InferencePlan {
    /// The model that was compiled.
    public let model: Model
    /// Samples of a full batch. A pass may have fewer; it takes as long as a full one.
    public let batch: Int
    /// Whether whole numbers are multiplied as such; otherwise as floats, where the processor's instructions for bytes
    /// would saturate, with the same results. Floats cost the speed, not the accuracy.
    public let usesIntegerKernels: Bool
    /// The implementation that oneDNN chose for each primitive, e.g. `brgemm:avx512_core_vnni`.
    public let implementations: [String]
    /// Bytes of the tensors that the plan holds; oneDNN's machine code comes on top.
    public var byteCount: Int { arenas.reduce(0) { $0 + $1.byteCount } }

    private let engine: Engine
    private let steps: [Primitive]
    /// All memory of the primitives; the first is the input, the second the output.
    private let arenas: [Arena]

    /// Compiles a quantised model, with integer kernels if the processor's are exact.
    /// - Parameters:
    ///   - quantized: the model and its weights.
    ///   - batch: samples of a full batch, > 0.
    ///   - threads: OpenMP threads of each pass, > 0.
    /// - Throws: `OneDNNError` when the library has no implementation for a layer, or memory is exhausted.
    public convenience init(_ quantized: QuantizedModel, batch: Int, threads: Int = 1) throws(OneDNNError) {
        try self.init(
            quantized, batch: batch, threads: threads, usesIntegerKernels: OneDNNLibrary.addsBytesExactly)
    }

    /// Compiles a quantised model with the kernels of either kind, so that tests can compare them on one processor.
    init(
        _ quantized: QuantizedModel, batch: Int, threads: Int = 1, usesIntegerKernels: Bool
    ) throws(OneDNNError) {
        precondition(batch > 0 && threads > 0, "\(threads) threads for batches of \(batch)")
        let engine = try Engine(threads: threads)
        let compiler = try QuantizedPlanBuilder(
            quantized, batch: batch, usesIntegerKernels: usesIntegerKernels, engine: engine)
        try compiler.compile()
        (steps, arenas) = try compiler.finish()
        implementations = compiler.implementations
        model = quantized.model
        self.batch = batch
        self.usesIntegerKernels = usesIntegerKernels
        self.engine = engine
    }

    public func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try arenas[0].withFloats(body)
    }

    /// Runs the primitives over the full batch, however many samples are valid. Blocks until they are done; allocates
    /// nothing.
    /// - Parameter count: number of valid samples in the input, 0 < count ≤ batch.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func forward(_ count: Int) throws(OneDNNError) {
        precondition(count > 0 && count <= batch, "\(count) samples in a batch of \(batch)")
        engine.activate()
        for step in steps { try step.execute() }
    }

    public func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try arenas[1].withFloats { (output) throws(Failure) in try body(output.span) }
    }
}
