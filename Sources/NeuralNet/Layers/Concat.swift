import COneDNN
public import FedCore

/// The channels of several images, one behind the other, or the features of several vectors: `torch.cat` along dimension
/// 1 of a batch.
public struct Concat: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "Concat" }

    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { input }

    /// The inputs' shape, with as many channels as they have together.
    public func outputShape(joining inputs: [Shape]) throws(ConfigurationError) -> Shape {
        for other in inputs.dropFirst() where other.extents.dropFirst() != inputs[0].extents.dropFirst() {
            throw ConfigurationError("Concat takes images of one height and width, not \(inputs[0]) and \(other)")
        }
        return Shape([inputs.reduce(0) { $0 + $1.extents[0] }] + inputs[0].extents.dropFirst())
    }

    /// Compiles a copy of each input to its place, and one of each part of the gradient back.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let inputs = plan.inputs
        let channels = inputs.map { $0.descriptor.extents[1] }
        let extents = inputs[0].descriptor.extents
        let whole = [extents[0], channels.reduce(0, +)] + extents.dropFirst(2)
        // Parts of a blocked layout must be whole blocks, of which none has padding.
        let isBlocked = channels.allSatisfy { $0.isMultiple(of: 16) }
        let blocked = isBlocked ? try MemoryDescriptor.blocked(whole, like: inputs[0].descriptor) : nil
        let plain = try MemoryDescriptor.plain(whole)
        let layout = blocked ?? plain
        let parts = try Self.parts(of: layout, channels)
        let result = plan.tensor(layout)
        for (input, part) in zip(inputs, parts) {
            try plan.reorder(input, into: Tensor(buffer: result.buffer, descriptor: part))
        }
        let needed = plan.needsInputGradients
        plan.emit(result) { (plan, gradient) throws(OneDNNError) in
            let gradient = try plan.reordered(gradient.tensor, to: layout)
            var results: [Gradient?] = []
            for (index, input) in inputs.enumerated() {
                guard needed[index] else {
                    results.append(nil)
                    continue
                }
                let part = plan.tensor(input.descriptor)
                try plan.reorder(Tensor(buffer: gradient.buffer, descriptor: parts[index]), into: part)
                results.append(Gradient(tensor: part))
            }
            return results
        }
    }

    /// The layouts of consecutive channels within a whole.
    private static func parts(
        of whole: MemoryDescriptor, _ channels: [Int]
    ) throws(OneDNNError) -> [MemoryDescriptor] {
        var parts: [MemoryDescriptor] = []
        var start = 0
        for count in channels {
            parts.append(try whole.part(ofDimension: 1, start..<start + count))
            start += count
        }
        return parts
    }
}
