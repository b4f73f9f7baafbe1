/// A change of shape from `[channels, height, width]` to `[channels · height · width]`. It moves nothing: the layer
/// after it takes the tensor in the layout it has.
public struct Flatten: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "Flatten" }

    public func outputShape(for input: Shape) -> Shape { [input.count] }

    /// Compiles nothing; ``Linear`` reads the image as it is.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {}
}
