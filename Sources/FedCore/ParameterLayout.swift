/// The place, shape and role of each parameter in a model's flat weights.
///
/// The order is the *canonical order*: the order and the shapes of a PyTorch `state_dict`, row-major, without gaps.
/// Messages, checkpoints, weights files and strategies use it; a compiled plan has layouts of its own and converts.
public struct ParameterLayout: Sendable, Equatable {
    /// The way in which a parameter is moved.
    public enum Role: Sendable, Hashable {
        /// The optimizer, along its gradient.
        case trained
        /// The forward passes of training: a running mean or variance. Its gradient is zero, and no optimizer moves it;
        /// the server averages it like the rest.
        case statistic
    }

    /// One parameter.
    public struct Entry: Sendable, Equatable {
        /// The `state_dict` key, e.g. `0.weight`.
        public let name: String
        /// Row-major shape: `[out, in, kernelHeight, kernelWidth]` for a convolution, `[out, in]` for a linear layer.
        public let shape: [Int]
        /// Index of its first element in the flat weights.
        public let offset: Int
        /// Index of the layer it belongs to, among all layers of the model.
        public let layer: Int
        /// Whether the optimizer or the forward pass moves it.
        public let role: Role
        /// Whether its layer normalises by statistics of a client's data; FedBN keeps such layers on the client.
        public let isNormalization: Bool

        /// Whether it is a running variance, which is never below zero.
        public var isVariance: Bool { ParameterLayout.isVariance(name) }
        /// Number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// Its indices in the flat weights.
        public var range: Range<Int> { offset..<offset + count }
    }

    /// The parameters, in canonical order.
    public private(set) var entries: [Entry] = []
    /// Number of elements of the flat weights, statistics included.
    public private(set) var count = 0

    /// Makes a layout without parameters.
    public init() {}

    /// Makes a layout of trained parameters of one layer, one after the other.
    public init(_ parameters: [(name: String, shape: [Int])]) {
        for parameter in parameters { append(parameter.name, shape: parameter.shape, layer: 0) }
    }

    /// Appends a parameter behind the last one, without a gap.
    /// - Parameters:
    ///   - name: `state_dict` key.
    ///   - shape: row-major extents.
    ///   - layer: index of its layer in the model.
    ///   - role: whether the optimizer or the forward pass moves it.
    ///   - isNormalization: whether its layer is one of normalisation.
    public mutating func append(
        _ name: String, shape: [Int], layer: Int, role: Role = .trained, isNormalization: Bool = false
    ) {
        let entry = Entry(
            name: name, shape: shape, offset: count, layer: layer, role: role, isNormalization: isNormalization)
        entries.append(entry)
        count += entry.count
    }

    /// Whether a parameter is a running variance, by PyTorch's name for it.
    public static func isVariance(_ name: String) -> Bool { name == "running_var" || name.hasSuffix(".running_var") }

    /// Number of elements that an optimizer moves: `count` without the statistics. O(entries).
    public var trainedCount: Int { entries.reduce(0) { $0 + ($1.role == .trained ? $1.count : 0) } }

    /// The ranges in the flat weights of the parameters that fulfil a condition.
    /// - Returns: ascending ranges; parameters that adjoin are one range.
    /// - Complexity: O(entries).
    public func ranges(where isIncluded: (Entry) -> Bool) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for entry in entries where isIncluded(entry) {
            if let last = ranges.last, last.upperBound == entry.offset {
                ranges[ranges.count - 1] = last.lowerBound..<entry.range.upperBound
            } else {
                ranges.append(entry.range)
            }
        }
        return ranges
    }
}
