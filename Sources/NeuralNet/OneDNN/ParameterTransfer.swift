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
    private let way: Way

    /// How elements get from one layout to the other.
    private enum Way {
        /// The layouts are the same.
        case bytes
        case transposition(BlockedWeights)
        /// oneDNN's primitives.
        case reorders(load: Primitive, store: Primitive)
    }

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
        if descriptor == plain {
            way = .bytes
            return
        }
        if let weights = BlockedWeights(descriptor) {
            way = .transposition(weights)
            return
        }
        way = .reorders(
            load: try Primitive(
                PrimitiveDescriptor(reorder: plain, to: descriptor, engine: engine),
                [(DNNL_ARG_FROM, canonical), (DNNL_ARG_TO, stored)], engine: engine),
            store: try Primitive(
                PrimitiveDescriptor(reorder: descriptor, to: plain, engine: engine),
                [(DNNL_ARG_FROM, stored), (DNNL_ARG_TO, canonical)], engine: engine)
        )
    }

    /// Copies the parameter into the plan. oneDNN writes zeros into the padding.
    /// - Parameter weights: all weights of the model, in the canonical order.
    func load(_ weights: Span<Float>, into memory: PlanMemory) throws(OneDNNError) {
        try load(tensor: weights.extracting(entry.range), into: memory)
    }

    /// Copies the parameter into the plan.
    /// - Parameter tensor: the parameter alone, row-major.
    func load(tensor: Span<Float>, into memory: PlanMemory) throws(OneDNNError) {
        try load(tensor: tensor, into: memory.values(entry.role))
    }

    /// Copies the parameter into an arena.
    /// - Parameter tensor: the parameter alone, row-major.
    func load(tensor: Span<Float>, into arena: Arena) throws(OneDNNError) {
        precondition(tensor.count == entry.count, "\(tensor.count) of \(entry.count) elements of \(entry.name)")
        try tensor.withUnsafeBufferPointer { (tensor) throws(OneDNNError) in
            guard let source = tensor.baseAddress else { return }
            let destination = arena.base + offset
            switch way {
            case .bytes: destination.copyMemory(from: source, byteCount: entry.count * MemoryLayout<Float>.stride)
            case .transposition(let weights):
                weights.load(source, into: destination.assumingMemoryBound(to: Float.self))
            case .reorders(let load, _):
                try canonical.point(to: UnsafeMutableRawPointer(mutating: source))
                try stored.point(to: destination)
                try load.execute()
            }
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
            switch way {
            case .bytes: destination.copyMemory(from: source, byteCount: entry.count * MemoryLayout<Float>.stride)
            case .transposition(let weights): weights.store(source.assumingMemoryBound(to: Float.self), into: base)
            case .reorders(_, let store):
                try stored.point(to: source)
                try canonical.point(to: destination)
                try store.execute()
            }
        }
    }
}
