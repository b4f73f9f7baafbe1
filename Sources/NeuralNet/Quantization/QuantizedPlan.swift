import COneDNN

/// A quantised model compiled for one batch size: images and scores are floats, everything between is whole numbers. Use
/// it on one thread at a time.
public final class QuantizedPlan: InferencePlan {
    public let model: Model
    public let batch: Int
    /// Whether whole numbers are multiplied as such; otherwise as floats, where the processor's instructions for bytes
    /// would saturate, with the same results.
    public let usesIntegerKernels: Bool
    /// The implementation oneDNN chose for each primitive, e.g. `brgemm:avx512_core_vnni`.
    public let implementations: [String]
    /// Bytes of tensors it holds; oneDNN's code comes on top.
    public var byteCount: Int { arenas.reduce(0) { $0 + $1.byteCount } }

    private let engine: Engine
    private let steps: [Primitive]
    /// All memory of the primitives; the first is the input, the second the output.
    private let arenas: [Arena]

    /// - Parameter threads: OpenMP threads of each pass.
    public convenience init(_ quantized: QuantizedModel, batch: Int, threads: Int = 1) throws(OneDNNError) {
        try self.init(
            quantized, batch: batch, threads: threads, usesIntegerKernels: OneDNNLibrary.addsBytesExactly)
    }

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
