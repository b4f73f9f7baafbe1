import FedCore

/// The memory of one plan: four arenas, and an address in them for each buffer.
final class PlanMemory {
    /// Trained weights, in the layouts of their primitives.
    let weights: Arena
    /// Gradients, in the order of the weights; empty for inference.
    let gradients: Arena
    /// Running means and variances: apart from the weights, so that no work on those can touch them.
    let statistics: Arena
    /// Activations, their gradients and scratch memory.
    private let activations: Arena
    /// Address of each buffer.
    private let addresses: [UnsafeMutableRawPointer]

    /// Allocates the memory of a plan.
    /// - Parameters:
    ///   - buffers: all buffers, by their indices.
    ///   - parameterBytes: bytes of trained weights.
    ///   - statisticBytes: bytes of running statistics.
    ///   - purpose: for inference no gradients are allocated.
    ///   - steps: tensors of each step, in the order in which the steps run; a transient buffer lives from the first
    ///     step that uses it to the last.
    init(
        _ buffers: [PlanBuilder.Buffer], parameterBytes: Int, statisticBytes: Int, purpose: Plan.Purpose,
        steps: [[Tensor]]
    ) {
        let (offsets, byteCount) = Self.place(buffers, steps: steps)
        let weights = Arena(byteCount: parameterBytes)
        let gradients = Arena(byteCount: purpose == .training ? parameterBytes : 0)
        let statistics = Arena(byteCount: statisticBytes)
        let activations = Arena(byteCount: byteCount)
        addresses = buffers.indices.map { index in
            switch buffers[index].storage {
            case .weights(let offset): weights.base + offset
            case .gradients(let offset): gradients.base + offset
            case .statistics(let offset): statistics.base + offset
            case .transient, .persistent, .scratchpad: activations.base + offsets[index]
            }
        }
        self.weights = weights
        self.gradients = gradients
        self.statistics = statistics
        self.activations = activations
    }

    /// Bytes of all four arenas.
    var byteCount: Int { weights.byteCount + gradients.byteCount + statistics.byteCount + activations.byteCount }

    /// The arena with the values of the parameters of a role.
    func values(_ role: ParameterLayout.Role) -> Arena {
        switch role {
        case .trained: weights
        case .statistic: statistics
        }
    }

    /// The first byte of a tensor, valid for as long as this memory.
    func address(of tensor: Tensor) -> UnsafeMutableRawPointer {
        addresses[tensor.buffer]
    }

    /// The floats of a tensor in the order in which they lie, padding included; valid for as long as this memory.
    func floats(of tensor: Tensor) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(
            start: addresses[tensor.buffer].assumingMemoryBound(to: Float.self),
            count: tensor.descriptor.byteCount / MemoryLayout<Float>.stride)
    }

    /// Gives a closure a tensor's floats, in the order in which they lie, padding included.
    /// - Throws: the errors of `body` alone.
    func withFloats<Result, Failure: Error>(
        of tensor: Tensor, _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = floats(of: tensor).mutableSpan
        return try body(&span)
    }

    /// A number of bytes rounded up to whole cache lines, so that no two tensors share one.
    static func aligned(_ byteCount: Int) -> Int {
        (byteCount + 63) & ~63
    }

    /// Offsets at which no two buffers overlap that are needed at the same time.
    ///
    /// Largest first, each buffer is put at the lowest place that is free during its life. In a plan for inference
    /// most activations then share memory.
    ///
    /// Y. Pisarchyk, J. Lee, *Efficient Memory Management for Deep Neural Net Inference*, 2020, arXiv:2001.03288
    /// (greedy by size for offsets, there into the smallest gap that fits).
    /// - Returns: the offset of each buffer in bytes, 0 for those in other arenas, and the bytes of all.
    /// - Complexity: O(buffers²), once for each plan.
    private static func place(_ buffers: [PlanBuilder.Buffer], steps: [[Tensor]]) -> (offsets: [Int], byteCount: Int) {
        var lives = [ClosedRange<Int>?](repeating: nil, count: buffers.count)
        for (time, tensors) in steps.enumerated() {
            for tensor in tensors {
                lives[tensor.buffer] = (lives[tensor.buffer]?.lowerBound ?? time)...time
            }
        }
        for (index, buffer) in buffers.enumerated() {
            switch buffer.storage {
            case .persistent, .scratchpad: lives[index] = 0...steps.count
            case .transient: break
            case .weights, .gradients, .statistics: lives[index] = nil
            }
        }
        var offsets = [Int](repeating: 0, count: buffers.count)
        var placed: [(life: ClosedRange<Int>, bytes: Range<Int>)] = []
        let order = buffers.indices.sorted { (buffers[$0].byteCount, $1) > (buffers[$1].byteCount, $0) }
        for index in order {
            guard let life = lives[index] else { continue }
            let size = aligned(buffers[index].byteCount)
            var offset = 0
            for other in placed where other.life.overlaps(life) && other.bytes.overlaps(offset..<offset + size) {
                offset = other.bytes.upperBound
            }
            offsets[index] = offset
            let position = placed.firstIndex { $0.bytes.lowerBound > offset } ?? placed.count
            placed.insert((life, offset..<offset + size), at: position)
        }
        return (offsets, placed.map(\.bytes.upperBound).max() ?? 0)
    }
}
