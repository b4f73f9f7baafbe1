/// Parameters that a run keeps as they are: they neither train nor travel. What is federated are the others.
///
/// Every rank has them from the beginning, so that no message, sum or strategy knows of them.
public struct FrozenParameters: Sendable, Equatable {
    /// All parameters of the model, frozen or not.
    public let layout: ParameterLayout
    /// Values of all of them, in that layout; those that are not frozen are what training starts from.
    public let start: [Float]
    /// Whether each entry of the layout is frozen.
    public let isFrozen: [Bool]

    /// Declares parameters frozen.
    /// - Parameters:
    ///   - layout: all parameters of a model.
    ///   - start: their values, `[layout.count]`.
    ///   - isFrozen: whether an entry is frozen.
    public init(_ layout: ParameterLayout, start: [Float], isFrozen: (ParameterLayout.Entry) -> Bool) {
        precondition(start.count == layout.count, "\(start.count) of \(layout.count) weights")
        self.layout = layout
        self.start = start
        self.isFrozen = layout.entries.map(isFrozen)
    }

    /// The parameters that are not frozen, one behind the other, in their order.
    public var federated: ParameterLayout {
        var federated = ParameterLayout()
        for (entry, isFrozen) in zip(layout.entries, isFrozen) where !isFrozen {
            federated.append(
                entry.name, shape: entry.shape, layer: entry.layer, role: entry.role,
                isNormalization: entry.isNormalization)
        }
        return federated
    }

    /// Number of elements that are frozen.
    public var frozenCount: Int { layout.count - federated.count }

    /// Puts federated weights into their places among all. O(parameters).
    /// - Parameter weights: `[federated.count]`.
    /// - Returns: `[layout.count]`.
    public func whole(_ weights: Span<Float>) -> [Float] {
        var whole = start
        var next = 0
        for (entry, isFrozen) in zip(layout.entries, isFrozen) where !isFrozen {
            for i in entry.range {
                whole[i] = weights[next]
                next += 1
            }
        }
        precondition(next == weights.count, "\(weights.count) weights for \(next) parameters")
        return whole
    }

    /// The federated ones among all values. O(parameters).
    /// - Parameter whole: `[layout.count]`.
    public func federated(of whole: [Float]) -> [Float] {
        zip(layout.entries, isFrozen).flatMap { entry, isFrozen in isFrozen ? [] : Array(whole[entry.range]) }
    }
}
