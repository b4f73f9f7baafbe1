/// `[channels, height, width]` to `[channels · height · width]`. Only a change of name: the layer after it takes the
/// tensor in the layout it has.
public struct Flatten: Layer, Equatable {
    public init() {}

    public var description: String { "Flatten" }

    public func outputShape(for input: Shape) -> Shape { [input.count] }

    public func compile(into plan: PlanBuilder) throws(OneDNNError) {}
}
