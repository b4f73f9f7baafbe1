/// The extents of one sample's tensor, without the batch: `[channels, height, width]` or `[features]`.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extent of each dimension, outermost first; each ≥ 1.
    public let extents: [Int]

    /// Makes a shape.
    /// - Precondition: all extents are positive.
    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 > 0 }, "the extents \(extents) are not all positive")
        self.extents = extents
    }

    /// Makes a shape of a literal such as `[16, 28, 28]`.
    /// - Precondition: all extents are positive.
    public init(arrayLiteral extents: Int...) {
        self.init(extents)
    }

    /// Number of elements.
    public var count: Int { extents.reduce(1, *) }

    /// The extents with signs of multiplication between them, e.g. `16×28×28`.
    public var description: String { extents.map(String.init).joined(separator: "×") }
}
