import COneDNN

/// Compiled machine code together with the tensors it works on.
final class Primitive {
    private let handle: dnnl_primitive_t
    private let memories: [Memory]
    /// Built once; oneDNN copies it at each execution.
    private let arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>
    private let engine: Engine

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

    func execute() throws(OneDNNError) {
        try check(
            "dnnl_primitive_execute",
            dnnl_primitive_execute(handle, engine.stream, Int32(arguments.count), arguments.baseAddress))
    }
}
