/// A step whose primitive sees the valid samples of a pass and no others: one primitive for each number of samples,
/// made when a pass first has that many, and kept.
///
/// Most passes are full, and a client's last batch has the same size in each epoch, so few primitives are made.
final class BatchStep: Step {
    private let batch: Int
    private let whole: Primitive
    /// Primitives for fewer samples, with their scratch memory, by the number of samples.
    private var parts: [Int: (primitive: Primitive, scratch: Arena)] = [:]
    private let operation: (Int) throws(OneDNNError) -> Operation
    private let memory: PlanMemory
    /// Memory of the output, which `memory` owns.
    private let result: UnsafeMutableBufferPointer<Float>
    private let engine: Engine

    /// Makes a step.
    /// - Parameters:
    ///   - whole: primitive for a full batch.
    ///   - batch: samples of a full batch.
    ///   - result: output, the batch being the outermost dimension in memory.
    ///   - memory: memory of the plan.
    ///   - engine: engine of the plan.
    ///   - operation: makes the primitive for a smaller number of samples.
    init(
        _ whole: Primitive, batch: Int, result: Tensor, memory: PlanMemory, engine: Engine,
        _ operation: @escaping (Int) throws(OneDNNError) -> Operation
    ) {
        self.whole = whole
        self.batch = batch
        self.operation = operation
        self.memory = memory
        self.result = memory.floats(of: result)
        self.engine = engine
    }

    /// Runs the primitive for the pass's number of samples, and sets the rest of the output to zero: the layers behind
    /// it compute with it.
    func execute(_ context: StepContext) throws(OneDNNError) {
        guard context.count < batch else { return try whole.execute() }
        try part(of: context.count).execute()
        result[result.count / batch * context.count..<result.count].update(repeating: 0)
    }

    /// The primitive for fewer samples, made at the first call.
    private func part(of count: Int) throws(OneDNNError) -> Primitive {
        if let part = parts[count] { return part.primitive }
        let operation = try operation(count)
        // Its own scratch memory, because the plan's was measured before.
        let scratch = Arena(byteCount: try operation.descriptor.scratchpad.byteCount)
        let primitive = try operation.bound(to: memory, scratch: scratch, engine: engine)
        parts[count] = (primitive, scratch)
        return primitive
    }
}
