/// Where each parameter of a model lies in its flat weights: the canonical order, which is the order and the shapes of
/// a PyTorch `state_dict`.
public struct ParameterLayout: Sendable, Equatable {
    /// One parameter.
    public struct Entry: Sendable, Equatable {
        /// The `state_dict` key, e.g. `0.weight`.
        public let name: String
        /// E.g. `[out, in, kernelHeight, kernelWidth]` for a convolution, `[out, in]` for a linear layer.
        public let shape: [Int]
        /// Index of its first element in the flat weights.
        public let offset: Int

        /// Number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// Its indices in the flat weights.
        public var range: Range<Int> { offset..<offset + count }
    }

    /// The parameters, in canonical order.
    public let entries: [Entry]
    /// Number of elements of the flat weights.
    public let count: Int

    /// Lays the parameters one after the other, without gaps.
    public init(_ parameters: [(name: String, shape: [Int])]) {
        var entries: [Entry] = []
        var offset = 0
        for parameter in parameters {
            let entry = Entry(name: parameter.name, shape: parameter.shape, offset: offset)
            entries.append(entry)
            offset += entry.count
        }
        self.entries = entries
        count = offset
    }
}
