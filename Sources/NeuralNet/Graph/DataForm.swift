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

    /// Whether a sample is a row of numbers and no image: `[1, 1, columns]`.
    var isRow: Bool { input.extents.count == 3 && input.extents[0] == 1 && input.extents[1] == 1 }

    /// E.g. `3×32×32 → 10`.
    public var description: String { "\(input) → \(outputs)" }
}
