import COneDNN

/// The extents, the element type and the memory layout of a tensor.
///
/// A layout is *plain* (row-major), *blocked* (e.g. sixteen channels side by side, as wide as a vector register, with
/// padding to a multiple of sixteen) or left open (`any`), which asks a primitive to choose.
struct MemoryDescriptor {
    /// The C library's value.
    var raw: dnnl_memory_desc_t

    /// Wraps the C library's value.
    init(_ raw: dnnl_memory_desc_t) {
        self.raw = raw
    }

    /// A row-major layout without gaps: that of PyTorch's contiguous tensors.
    /// - Parameters:
    ///   - extents: one to five extents, outermost first.
    ///   - type: type of the elements; floats by default.
    /// - Throws: `OneDNNError` for another number of dimensions, or what the library refuses.
    static func plain(_ extents: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OneDNNError) -> MemoryDescriptor {
        let tags = [dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
        guard tags.indices.contains(extents.count - 1) else {
            throw OneDNNError(function: "plain descriptor of \(extents)", status: "too many dimensions")
        }
        return try MemoryDescriptor(extents, type, tags[extents.count - 1])
    }

    /// A layout that a primitive is to choose. Only for making primitives: it has no size.
    static func any(_ extents: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, type, dnnl_format_tag_any)
    }

    /// A layout of `[batch, channels, height, width]` with the channels of a pixel side by side (NHWC), as kernels for
    /// bytes want it; tensors of other dimensions are plain.
    static func channelsLast(_ extents: [Int], _ type: dnnl_data_type_t) throws(OneDNNError) -> MemoryDescriptor {
        extents.count == 4 ? try MemoryDescriptor(extents, type, dnnl_acdb) : try plain(extents, type)
    }

    /// The blocked layout of images that another tensor of floats has.
    /// - Parameters:
    ///   - extents: `[batch, channels, height, width]`.
    ///   - other: layout of other images.
    /// - Returns: nil when that is not blocked by its channels.
    static func blocked(_ extents: [Int], like other: MemoryDescriptor) throws(OneDNNError) -> MemoryDescriptor? {
        guard extents.count == 4, other.extents.count == 4 else { return nil }
        for tag in [dnnl_aBcd8b, dnnl_aBcd16b] where try MemoryDescriptor(other.extents, dnnl_f32, tag) == other {
            return try MemoryDescriptor(extents, dnnl_f32, tag)
        }
        return nil
    }

    /// The layout of a range of one dimension, in the memory of the whole.
    /// - Throws: `OneDNNError` when the range does not consist of whole blocks.
    func part(ofDimension dimension: Int, _ range: Range<Int>) throws(OneDNNError) -> MemoryDescriptor {
        var whole = raw
        var part = dnnl_memory_desc_t()
        var extents = self.extents.map(Int64.init)
        var start = [Int64](repeating: 0, count: extents.count)
        extents[dimension] = Int64(range.count)
        start[dimension] = Int64(range.lowerBound)
        try check(
            "dnnl_memory_desc_init_submemory", dnnl_memory_desc_init_submemory(&part, &whole, extents, start))
        return MemoryDescriptor(part)
    }

    /// A layout of `[batch, channels, height, width]` with that many channels of a pixel side by side, one after the
    /// other in blocks (nChw8c, nChw16c).
    /// - Parameter lanes: 8 or 16, as wide as a vector register.
    static func blocked(_ extents: [Int], lanes: Int) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, dnnl_f32, lanes == 16 ? dnnl_aBcd16b : dnnl_aBcd8b)
    }

    /// The layout of a convolution's weights, `[outputs, inputs, height, width]`, with eight outputs side by side.
    /// - Parameter readsPlain: whether the images are plain; otherwise eight inputs lie one after the other, too.
    static func blockedWeights(_ extents: [Int], readsPlain: Bool) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, dnnl_f32, readsPlain ? dnnl_Acdb8a : dnnl_ABcd8b8a)
    }

    /// The layout of a linear layer's weights, `[outputs, inputs, height, width]`, with eight outputs side by side, and
    /// the inputs in the order in which blocked images have them.
    /// - Parameter lanes: channels that the images have side by side, 8 or 16; a divisor of the inputs.
    static func linearWeights(_ extents: [Int], lanes: Int) throws(OneDNNError) -> MemoryDescriptor {
        var descriptor = try blockedWeights(extents, readsPlain: false)
        guard lanes == 16 else { return descriptor }
        // The library has no name for it.
        let row = extents[3] * lanes * 8
        descriptor.raw.format_desc.blocking.inner_blks.0 = 16
        descriptor.raw.format_desc.blocking.strides.0 = dnnl_dim_t(extents[1] * extents[2] * extents[3] * 8)
        descriptor.raw.format_desc.blocking.strides.1 = dnnl_dim_t(extents[2] * row)
        descriptor.raw.format_desc.blocking.strides.2 = dnnl_dim_t(row)
        descriptor.raw.format_desc.blocking.strides.3 = dnnl_dim_t(lanes * 8)
        return descriptor
    }

    /// Bytes in the layout of images that have eight channels of a pixel side by side.
    static func blockedBytes(_ extents: [Int]) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, dnnl_u8, dnnl_aBcd8b)
    }

    /// A layout of `[batch, time, features]` in which the samples of a time step lie one after the other.
    static func timeMajor(_ extents: [Int]) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, dnnl_f32, dnnl_bac)
    }

    private init(_ extents: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t) throws(OneDNNError) {
        raw = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(&raw, Int32(extents.count), extents.map(Int64.init), type, tag)
        try check("dnnl_memory_desc_init_by_tag", status)
    }

    /// Extent of each dimension, outermost first, without the padding of a blocked layout; at most six.
    var extents: [Int] {
        let dimensions = raw.dims
        let all = [
            dimensions.0, dimensions.1, dimensions.2, dimensions.3, dimensions.4, dimensions.5,
        ]
        return all.prefix(Int(raw.ndims)).map(Int.init)
    }

    /// The layout of the first samples of a batch, in the memory of the whole.
    /// - Parameter samples: number of samples, at most the batch.
    /// - Precondition: the elements are floats, and the batch is the outermost dimension in memory.
    func prefix(_ samples: Int) throws(OneDNNError) -> MemoryDescriptor {
        var all = raw
        let stride = Int(raw.format_desc.blocking.strides.0) * MemoryLayout<Float>.stride
        precondition(stride * extents[0] == byteCount, "the samples of \(extents) do not lie one after the other")
        var part = dnnl_memory_desc_t()
        let partExtents = [samples] + extents.dropFirst()
        let start = [Int64](repeating: 0, count: extents.count)
        try check(
            "dnnl_memory_desc_init_submemory",
            dnnl_memory_desc_init_submemory(&part, &all, partExtents.map(Int64.init), start))
        return MemoryDescriptor(part)
    }

    /// The same layout for another number of samples.
    /// - Precondition: the batch is the outermost dimension in memory.
    func resized(to samples: Int) -> MemoryDescriptor {
        var raw = raw
        let width = isBrainFloat ? 2 : MemoryLayout<Float>.stride
        precondition(
            Int(raw.format_desc.blocking.strides.0) * width * extents[0] == byteCount,
            "the samples of \(extents) do not lie one after the other")
        raw.dims.0 = dnnl_dim_t(samples)
        raw.padded_dims.0 = dnnl_dim_t(samples)
        return MemoryDescriptor(raw)
    }

    /// The same layout for elements of another type.
    func of(_ type: dnnl_data_type_t) -> MemoryDescriptor {
        var raw = raw
        raw.data_type = type
        return MemoryDescriptor(raw)
    }

    /// Whether the elements are brain floats; otherwise, among a plan's activations, they are floats.
    var isBrainFloat: Bool { raw.data_type == dnnl_bf16 }

    /// Bytes of memory, the padding of a blocked layout included.
    var byteCount: Int {
        withUnsafePointer(to: raw) { dnnl_memory_desc_get_size($0) }
    }

    /// Number of elements without padding.
    var count: Int { extents.reduce(1, *) }

    /// Whether a layout of floats or brain floats has padding.
    var isPadded: Bool { byteCount != count * (isBrainFloat ? 2 : MemoryLayout<Float>.stride) }

    /// Whether two tensors have the same extents, type and layout, so that one can be read as the other.
    static func == (one: MemoryDescriptor, other: MemoryDescriptor) -> Bool {
        withUnsafePointer(to: one.raw) { one in
            withUnsafePointer(to: other.raw) { other in dnnl_memory_desc_equal(one, other) != 0 }
        }
    }

    static func != (one: MemoryDescriptor, other: MemoryDescriptor) -> Bool { !(one == other) }
}
