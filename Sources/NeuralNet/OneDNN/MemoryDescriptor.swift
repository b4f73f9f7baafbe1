import COneDNN

/// The extents of a tensor, of floats unless said otherwise, and how they lie in memory.
struct MemoryDescriptor {
    var raw: dnnl_memory_desc_t

    init(_ raw: dnnl_memory_desc_t) {
        self.raw = raw
    }

    /// Row-major, without gaps: PyTorch's contiguous tensor.
    static func plain(_ extents: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OneDNNError) -> MemoryDescriptor {
        let tags = [dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde]
        guard tags.indices.contains(extents.count - 1) else {
            throw OneDNNError(function: "plain descriptor of \(extents)", status: "too many dimensions")
        }
        return try MemoryDescriptor(extents, type, tags[extents.count - 1])
    }

    /// The layout is the primitive's choice.
    static func any(_ extents: [Int], _ type: dnnl_data_type_t = dnnl_f32) throws(OneDNNError) -> MemoryDescriptor {
        try MemoryDescriptor(extents, type, dnnl_format_tag_any)
    }

    /// `[batch, channels, height, width]` with the channels of a pixel side by side; a matrix is plain.
    static func channelsLast(_ extents: [Int], _ type: dnnl_data_type_t) throws(OneDNNError) -> MemoryDescriptor {
        extents.count == 4 ? try MemoryDescriptor(extents, type, dnnl_acdb) : try plain(extents, type)
    }

    private init(_ extents: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t) throws(OneDNNError) {
        raw = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(&raw, Int32(extents.count), extents.map(Int64.init), type, tag)
        try check("dnnl_memory_desc_init_by_tag", status)
    }

    var extents: [Int] {
        let dimensions = raw.dims
        let all = [
            dimensions.0, dimensions.1, dimensions.2, dimensions.3, dimensions.4, dimensions.5,
        ]
        return all.prefix(Int(raw.ndims)).map(Int.init)
    }

    /// The first samples of a batch, where they lie.
    /// - Precondition: the batch is the outermost dimension in memory, as in every layout for floats.
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

    /// With the padding of a blocked layout.
    var byteCount: Int {
        withUnsafePointer(to: raw) { dnnl_memory_desc_get_size($0) }
    }

    /// Number of elements without padding.
    var count: Int { extents.reduce(1, *) }

    var isPadded: Bool { byteCount != count * MemoryLayout<Float>.stride }

    /// The same elements in the same layout.
    static func == (one: MemoryDescriptor, other: MemoryDescriptor) -> Bool {
        withUnsafePointer(to: one.raw) { one in
            withUnsafePointer(to: other.raw) { other in dnnl_memory_desc_equal(one, other) != 0 }
        }
    }

    static func != (one: MemoryDescriptor, other: MemoryDescriptor) -> Bool { !(one == other) }
}
