import COneDNN

/// oneDNN's view of a tensor: a layout and an address. The memory belongs to an `Arena` or to the caller.
final class Memory {
    /// oneDNN's object.
    let handle: dnnl_memory_t

    /// Makes a view.
    /// - Parameters:
    ///   - descriptor: extents, type and layout.
    ///   - address: memory of `descriptor.byteCount` bytes that must outlive this view's use; nil for a view that is
    ///     given an address before each use.
    ///   - engine: engine of the plan.
    init(_ descriptor: MemoryDescriptor, at address: UnsafeMutableRawPointer?, engine: Engine) throws(OneDNNError) {
        var raw = descriptor.raw
        handle = try create("dnnl_memory_create") { dnnl_memory_create(&$0, &raw, engine.handle, address) }
    }

    deinit {
        dnnl_memory_destroy(handle)
    }

    /// Moves the view to another address. Primitives that use the view see the new address at their next execution.
    func point(to address: UnsafeMutableRawPointer?) throws(OneDNNError) {
        try check("dnnl_memory_set_data_handle", dnnl_memory_set_data_handle(handle, address))
    }
}
