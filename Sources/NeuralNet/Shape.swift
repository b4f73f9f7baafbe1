/// The extents of one sample's tensor, without the batch: `[channels, height, width]` or `[features]`.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    public let extents: [Int]

    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 > 0 }, "the extents \(extents) are not all positive")
        self.extents = extents
    }

    public init(arrayLiteral extents: Int...) {
        self.init(extents)
    }

    /// Number of elements.
    public var count: Int { extents.reduce(1, *) }

    /// E.g. `16×28×28`.
    public var description: String { extents.map(String.init).joined(separator: "×") }
}
