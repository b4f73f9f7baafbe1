import COneDNN

/// oneDNN's compiled machine code together with the tensors it works on: one step of a pass.
final class Primitive {
    private let handle: dnnl_primitive_t
    /// The views in `arguments`, kept alive.
    private let memories: [Memory]
    /// The arguments of every execution, made once; oneDNN copies them at each.
    private let arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>
    private let engine: Engine

    /// Generates the code, or takes it from oneDNN's cache of primitives.
    /// - Parameters:
    ///   - descriptor: the operation with its implementation.
    ///   - tensors: views by oneDNN's argument numbers; their addresses must be valid at each execution.
    ///   - engine: engine of the plan.
    init(
        _ descriptor: PrimitiveDescriptor, _ tensors: [(argument: Int32, memory: Memory)], engine: Engine
    ) throws(OneDNNError) {
        handle = try create("dnnl_primitive_create") { dnnl_primitive_create(&$0, descriptor.handle) }
        memories = tensors.map(\.memory)
        self.engine = engine
        arguments = .allocate(capacity: tensors.count)
        _ = arguments.initialize(from: tensors.map { dnnl_exec_arg_t(arg: $0.argument, memory: $0.memory.handle) })
    }

    deinit {
        arguments.deallocate()
        dnnl_primitive_destroy(handle)
    }

    /// Runs the code on the engine's threads; returns when it is done.
    func execute() throws(OneDNNError) {
        try check(
            "dnnl_primitive_execute",
            dnnl_primitive_execute(handle, engine.stream, Int32(arguments.count), arguments.baseAddress))
    }
}
