import COneDNN

/// oneDNN's view of a tensor in memory that somebody else owns and keeps.
final class Memory {
    let handle: dnnl_memory_t

    /// - Parameter address: holds `descriptor.byteCount` bytes for as long as this view is used. Nil for a view that
    ///   is pointed somewhere before each use.
    init(_ descriptor: MemoryDescriptor, at address: UnsafeMutableRawPointer?, engine: Engine) throws(OneDNNError) {
        var raw = descriptor.raw
        handle = try create("dnnl_memory_create") { dnnl_memory_create(&$0, &raw, engine.handle, address) }
    }

    deinit {
        dnnl_memory_destroy(handle)
    }

    func point(to address: UnsafeMutableRawPointer?) throws(OneDNNError) {
        try check("dnnl_memory_set_data_handle", dnnl_memory_set_data_handle(handle, address))
    }
}
