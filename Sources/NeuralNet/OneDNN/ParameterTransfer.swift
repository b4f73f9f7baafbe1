import COneDNN
import FedCore

/// Copies one parameter between the canonical order and a primitive's layout.
final class ParameterTransfer {
    private let entry: ParameterLayout.Entry
    private let address: UnsafeMutableRawPointer
    private let canonical: Memory
    private let stored: Memory
    /// Nil when the layouts are the same.
    private let reorders: (load: Primitive, store: Primitive)?

    init(
        _ descriptor: MemoryDescriptor, at address: UnsafeMutableRawPointer, _ entry: ParameterLayout.Entry,
        engine: Engine
    ) throws(OneDNNError) {
        self.entry = entry
        self.address = address
        let plain = try MemoryDescriptor.plain(descriptor.extents)
        canonical = try Memory(plain, at: nil, engine: engine)
        stored = try Memory(descriptor, at: address, engine: engine)
        guard descriptor != plain else {
            reorders = nil
            return
        }
        reorders = (
            try Primitive(
                PrimitiveDescriptor(reorder: plain, to: descriptor, engine: engine),
                [(DNNL_ARG_FROM, canonical), (DNNL_ARG_TO, stored)], engine: engine),
            try Primitive(
                PrimitiveDescriptor(reorder: descriptor, to: plain, engine: engine),
                [(DNNL_ARG_FROM, stored), (DNNL_ARG_TO, canonical)], engine: engine)
        )
    }

    func load(_ weights: Span<Float>) throws(OneDNNError) {
        try weights.extracting(entry.range).withUnsafeBufferPointer { (source) throws(OneDNNError) in
            guard let base = source.baseAddress else { return }
            guard let reorders else {
                return address.copyMemory(from: base, byteCount: entry.count * MemoryLayout<Float>.stride)
            }
            try canonical.point(to: UnsafeMutableRawPointer(mutating: base))
            try reorders.load.execute()
        }
    }

    /// - Parameter distance: from the weights to a block of the same layout to read instead.
    func store(into weights: inout MutableSpan<Float>, fromBytes distance: Int = 0) throws(OneDNNError) {
        try weights.withUnsafeMutableBufferPointer { (destination) throws(OneDNNError) in
            guard let base = UnsafeMutableBufferPointer(rebasing: destination[entry.range]).baseAddress else { return }
            guard let reorders else {
                let byteCount = entry.count * MemoryLayout<Float>.stride
                return UnsafeMutableRawPointer(base).copyMemory(from: address + distance, byteCount: byteCount)
            }
            try canonical.point(to: base)
            try stored.point(to: address + distance)
            try reorders.store.execute()
            try stored.point(to: address)
        }
    }
}
