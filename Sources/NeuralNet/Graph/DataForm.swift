/// The shapes at a model's two ends: what a data set asks of a model.
public struct DataForm: Sendable, Hashable, CustomStringConvertible {
    /// Shape of one sample, `[channels, height, width]`.
    public let input: Shape
    /// Number of the model's outputs: a score for each class, or a value for each target.
    public let outputs: Int

    /// Joins the two.
    /// - Precondition: there is an output.
    public init(_ input: Shape, outputs: Int) {
        precondition(outputs > 0, "a model without an output")
        self.input = input
        self.outputs = outputs
    }

    /// E.g. `3×32×32 → 10`.
    public var description: String { "\(input) → \(outputs)" }
}
