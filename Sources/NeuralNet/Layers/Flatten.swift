public import FedCore

/// A change of shape from `[channels, height, width]` to `[channels · height · width]`. Before linear layers it moves
/// nothing: they take the tensor in the layout it has.
public struct Flatten: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "Flatten" }

    public var takesBrainFloats: Bool { true }

    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape { [input.count] }

    /// Compiles nothing where only linear layers read the result, maybe through layers that work element by element;
    /// otherwise a copy to the plain layout, where the image has another.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        guard !plan.flattensInNameAlone else { return }
        let input = plan.current
        let image = try MemoryDescriptor.plain(input.descriptor.extents)
        var plain = try plan.reordered(input, to: image)
        if plan.isShared, plain.buffer == input.buffer {
            // A layer behind may change its input in place, which others read.
            plain = plan.tensor(image)
            try plan.reorder(input, into: plain)
        }
        let copy = plain
        let features = try MemoryDescriptor.plain([plan.batch, image.count / plan.batch])
        // The ReLU's derivative, if it is still to be applied, is its own layer's business.
        plan.emit(Tensor(buffer: copy.buffer, descriptor: features)) { (plan, gradient) throws(OneDNNError) in
            let gradient = try plan.reordered(gradient.tensor, to: features)
            return Gradient(tensor: Tensor(buffer: gradient.buffer, descriptor: image))
        }
    }
}
