import COneDNN

/// An operation for which oneDNN has chosen an implementation and memory layouts.
///
/// Layers make it first, ask it for the layouts of its tensors, and then run it by `PlanBuilder.run`.
final class PrimitiveDescriptor {
    /// oneDNN's object.
    let handle: dnnl_primitive_desc_t

    /// Chooses an implementation of an operation.
    /// - Parameters:
    ///   - what: name of the operation in an error.
    ///   - operation: one of C's `dnnl_…_desc_t`, read during the call.
    ///   - appliesReLU: whether a ReLU follows as part of the primitive.
    ///   - scales: factors of the result before the ReLU, one for each of its channels, for an operation on integers.
    ///   - affine: layout of two tensors that are, before the ReLU, added to the result and multiplied with the sum:
    ///     the arguments `addend` and `factor`.
    ///   - forward: for a backward operation, the forward one that it belongs to.
    ///   - engine: engine of the plan; the number of its threads is part of the choice.
    /// - Throws: `OneDNNError` with the status `unimplemented` when no implementation fits.
    init(
        _ what: String, _ operation: UnsafeRawPointer, appliesReLU: Bool = false, scales: [Float] = [],
        affine: MemoryDescriptor? = nil, forward: PrimitiveDescriptor? = nil, engine: Engine
    ) throws(OneDNNError) {
        let attributes = try Attributes(appliesReLU: appliesReLU, channelScales: scales, affine: affine)
        handle = try create("dnnl_primitive_desc_create (\(what))") {
            dnnl_primitive_desc_create(&$0, operation, attributes.handle, engine.handle, forward?.handle)
        }
    }

    /// Chooses an implementation of a copy from one layout or type to another.
    ///
    /// - Parameters:
    ///   - source: layout and type of the original.
    ///   - destination: layout and type of the copy.
    ///   - scale: factor of each element; integers are rounded to the nearest, and saturate.
    ///   - engine: engine of the plan.
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

    /// Argument number of the tensor that `affine` adds: C's macro `DNNL_ARG_ATTR_MULTIPLE_POST_OP(0)`.
    static let addend = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1
    /// Argument number of the tensor that `affine` multiplies by: C's macro `DNNL_ARG_ATTR_MULTIPLE_POST_OP(1)`.
    static let factor = 2 * DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1

    // The layouts that the implementation chose; an error where the operation has no such tensor.

    /// Input of a forward operation.
    var source: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_src_md) } }
    /// Weights.
    var weights: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_weights_md) } }
    /// Output of a forward operation.
    var destination: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_dst_md) } }
    /// Gradient with respect to the input.
    var sourceGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_src_md) } }
    /// Gradient with respect to the weights.
    var weightsGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_weights_md) } }
    /// Gradient with respect to the output.
    var destinationGradient: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_diff_dst_md) } }
    /// Notes of a forward operation for its backward one, e.g. the places of maxima.
    var workspace: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_workspace_md) } }
    /// Memory that the operation needs while it runs; of size 0 when it needs none.
    var scratchpad: MemoryDescriptor { get throws(OneDNNError) { try query(dnnl_query_scratchpad_md) } }

    /// The implementation's name, e.g. `jit:avx512_core`; `ref:any` is the slow fallback.
    var implementation: String {
        var name: UnsafePointer<CChar>?
        guard dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, &name) == dnnl_success, let name else {
            return "unknown"
        }
        return String(cString: name)
    }

    /// The layout of one tensor.
    /// - Throws: `OneDNNError` when the operation has no such tensor.
    private func query(_ what: dnnl_query_t) throws(OneDNNError) -> MemoryDescriptor {
        guard let descriptor = dnnl_primitive_desc_query_md(handle, what, 0) else {
            throw OneDNNError(function: "dnnl_primitive_desc_query_md (\(what.rawValue))", status: "not_required")
        }
        return MemoryDescriptor(descriptor.pointee)
    }
}

/// oneDNN's attributes of a primitive: scratch memory that the caller brings, so that all primitives of a plan share
/// it, and optionally scales, a sum, a product and a ReLU on the result.
private final class Attributes {
    /// oneDNN's object.
    let handle: dnnl_primitive_attr_t
    /// oneDNN's list of operations on the result; nil without any.
    private var postOperations: dnnl_post_ops_t?

    /// Makes attributes.
    /// - Parameters:
    ///   - appliesReLU: whether a ReLU is the last operation on the result.
    ///   - scale: factor of every element; for copies.
    ///   - channelScales: factors of the channels, which are dimension 1 of the result.
    ///   - affine: layout of an addend and a factor of the result.
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

    /// Sets the scales of the result.
    /// - Parameter mask: bit i is set when scales differ along dimension i.
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
