import COneDNN
import FedCore

/// The copies of one parameter between the canonical order and a primitive's layout in an arena.
///
/// The reordering primitives are made with the plan: a client's weights are loaded and stored once a round, and making
/// the primitives would take longer than using them.
final class ParameterTransfer {
    /// The parameter's place in the canonical order.
    private let entry: ParameterLayout.Entry
    /// Offset in the arena, in bytes.
    private let offset: Int
    /// View of the canonical tensor; its address is the caller's at each call.
    private let canonical: Memory
    /// View of the tensor in the arena; weights and gradients share it.
    private let stored: Memory
    /// Nil when the layouts are the same, and a copy of bytes does, or our own kernel is there.
    private let reorders: (load: Primitive, store: Primitive)?
    /// Our own kernel for the layout; nil where oneDNN's has to do.
    private let transposition: BlockedWeights?

    /// Makes the copies of a parameter.
    /// - Parameters:
    ///   - descriptor: the layout that the primitive chose.
    ///   - offset: offset in the arena, in bytes.
    ///   - entry: place in the canonical order.
    ///   - engine: engine of the plan.
    init(
        _ descriptor: MemoryDescriptor, at offset: Int, _ entry: ParameterLayout.Entry, engine: Engine
    ) throws(OneDNNError) {
        self.entry = entry
        self.offset = offset
        let plain = try MemoryDescriptor.plain(descriptor.extents)
        canonical = try Memory(plain, at: nil, engine: engine)
        stored = try Memory(descriptor, at: nil, engine: engine)
        transposition = BlockedWeights(descriptor)
        guard descriptor != plain, transposition == nil else {
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

    /// Copies the parameter into the plan. oneDNN writes zeros into the padding.
    /// - Parameter weights: all weights of the model, in the canonical order.
    func load(_ weights: Span<Float>, into memory: PlanMemory) throws(OneDNNError) {
        try load(weights, into: memory.values(entry.role))
    }

    /// Copies the parameter into an arena.
    func load(_ weights: Span<Float>, into arena: Arena) throws(OneDNNError) {
        try weights.withUnsafeBufferPointer { (all) throws(OneDNNError) in
            guard let source = UnsafeBufferPointer(rebasing: all[entry.range]).baseAddress else { return }
            let destination = arena.base + offset
            if let transposition {
                return transposition.load(source, into: destination.assumingMemoryBound(to: Float.self))
            }
            guard let reorders else {
                return destination.copyMemory(from: source, byteCount: entry.count * MemoryLayout<Float>.stride)
            }
            try canonical.point(to: UnsafeMutableRawPointer(mutating: source))
            try stored.point(to: destination)
            try reorders.load.execute()
        }
    }

    /// Copies the parameter out of the plan.
    /// - Parameter weights: all weights of the model, in the canonical order; the others are left alone.
    func store(into weights: inout MutableSpan<Float>, from memory: PlanMemory) throws(OneDNNError) {
        try store(into: &weights, from: memory.values(entry.role))
    }

    /// Copies the parameter's gradient out of the plan; that of a running statistic is zero.
    /// - Parameter gradients: all gradients of the model, in the canonical order; the others are left alone.
    func storeGradient(into gradients: inout MutableSpan<Float>, from memory: PlanMemory) throws(OneDNNError) {
        switch entry.role {
        case .trained: try store(into: &gradients, from: memory.gradients)
        case .statistic: for i in entry.range { gradients[i] = 0 }
        }
    }

    private func store(into weights: inout MutableSpan<Float>, from arena: Arena) throws(OneDNNError) {
        try weights.withUnsafeMutableBufferPointer { (all) throws(OneDNNError) in
            guard let base = UnsafeMutableBufferPointer(rebasing: all[entry.range]).baseAddress else { return }
            let destination = UnsafeMutableRawPointer(base)
            let source = arena.base + offset
            if let transposition {
                return transposition.store(source.assumingMemoryBound(to: Float.self), into: base)
            }
            guard let reorders else {
                return destination.copyMemory(from: source, byteCount: entry.count * MemoryLayout<Float>.stride)
            }
            try stored.point(to: source)
            try canonical.point(to: destination)
            try reorders.store.execute()
        }
    }
}
