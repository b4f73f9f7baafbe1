import COneDNN

/// An operation for which oneDNN has chosen an implementation and the layouts it wants.
final class PrimitiveDescriptor {
    let handle: dnnl_primitive_desc_t

    /// - Parameters:
    ///   - what: names the operation in an error.
    ///   - operation: one of C's `dnnl_…_desc_t`.
    ///   - scales: of the result before the ReLU, one for each of its channels, of an operation on integers.
    ///   - affine: the layout of what is added to the result before the ReLU, and of what the sum is multiplied by: the
    ///     arguments `addend` and `factor`.
    ///   - forward: for a backward operation, the forward one it belongs to.
    init(
        _ what: String, _ operation: UnsafeRawPointer, appliesReLU: Bool = false, scales: [Float] = [],
        affine: MemoryDescriptor? = nil, forward: PrimitiveDescriptor? = nil, engine: Engine
    ) throws(OneDNNError) {
        let attributes = try Attributes(appliesReLU: appliesReLU, channelScales: scales, affine: affine)
        handle = try create("dnnl_primitive_desc_create (\(what))") {
            dnnl_primitive_desc_create(&$0, operation, attributes.handle, engine.handle, forward?.handle)
        }
    }

    /// A copy from one layout to another, or from one type to another.
    ///
    /// - Parameter scale: what each element is multiplied by; integers are rounded to the nearest, and saturate.
    init(
        reorder source: MemoryDescriptor, to destination: MemoryDescriptor, scale: Float = 1, engine: Engine
    ) throws(OneDNNError) {
        let attributes = try Attributes(scale: scale)
        var source = source.raw
        var destination = destination.raw
        handle = try create("dnnl_reorder_primitive_desc_create") {
            dnnl_reorder_primitive_desc_create(
                &$0, &source, engine.handle, &destination, engine.handle, attributes.handle)
        }
    }

    deinit {
        dnnl_primitive_desc_destroy(handle)
    }

    /// C's macro `DNNL_ARG_ATTR_MULTIPLE_POST_OP`, of the first and the second operation on the result.
    static let addend = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1
    static let factor = 2 * DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1

    var source: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_src_md) } }
    var weights: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_weights_md) } }
    var destination: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_dst_md) } }
    var sourceGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_src_md) } }
    var weightsGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_weights_md) } }
    var destinationGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_dst_md) } }
    var workspace: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_workspace_md) } }
    var scratchpad: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_scratchpad_md) } }

    /// The implementation's name, e.g. `jit:avx512_core`; `ref:any` is the slow fallback.
    var implementation: String {
        var name: UnsafePointer<CChar>?
        guard dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, &name) == dnnl_success, let name else {
            return "unknown"
        }
        return String(cString: name)
    }

    private func query(_ what: dnnl_query_t) throws(OneDNNError) -> MemoryDescriptor {
        guard let descriptor = dnnl_primitive_desc_query_md(handle, what, 0) else {
            throw OneDNNError(function: "dnnl_primitive_desc_query_md (\(what.rawValue))", status: "not_required")
        }
        return MemoryDescriptor(descriptor.pointee)
    }
}

/// Scratch memory is ours, so that all primitives of a plan share it; optionally scales, a sum, a product and a ReLU on the
/// result.
private final class Attributes {
    let handle: dnnl_primitive_attr_t
    private var postOperations: dnnl_post_ops_t?

    init(
        appliesReLU: Bool = false, scale: Float = 1, channelScales: [Float] = [], affine: MemoryDescriptor? = nil
    ) throws(OneDNNError) {
        handle = try create("dnnl_primitive_attr_create") { dnnl_primitive_attr_create(&$0) }
        try check(
            "dnnl_primitive_attr_set_scratchpad_mode",
            dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user))
        if scale != 1 { try set([scale], mask: 0) }
        // Dimension 1 is that of the channels.
        if !channelScales.isEmpty { try set(channelScales, mask: 1 << 1) }
        guard appliesReLU || affine != nil else { return }
        let operations = try create("dnnl_post_ops_create") { dnnl_post_ops_create(&$0) }
        postOperations = operations
        if var layout = affine?.raw {
            for operation in [dnnl_binary_add, dnnl_binary_mul] {
                try check(
                    "dnnl_post_ops_append_binary", dnnl_post_ops_append_binary(operations, operation, &layout))
            }
        }
        if appliesReLU {
            try check(
                "dnnl_post_ops_append_eltwise",
                dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0))
        }
        try check("dnnl_primitive_attr_set_post_ops", dnnl_primitive_attr_set_post_ops(handle, operations))
    }

    private func set(_ scales: [Float], mask: Int32) throws(OneDNNError) {
        try check(
            "dnnl_primitive_attr_set_output_scales",
            dnnl_primitive_attr_set_output_scales(handle, Int64(scales.count), mask, scales))
    }

    deinit {
        if let postOperations { dnnl_post_ops_destroy(postOperations) }
        dnnl_primitive_attr_destroy(handle)
    }
}
