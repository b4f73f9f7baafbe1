/// Where things lie in what a client sends: first the update, the change of the federated parameters, then what its strategy
/// sends beside it, and last the running statistics and the exponent of what is scaled.
public struct UpdateLayout: Sendable, Equatable {
    /// Length of the update: the federated parameters.
    public var parameters: Int
    /// Where the running statistics lie in the update; ascending.
    public var statistics: [Range<Int>]
    /// How all of it is summed.
    public var shape: UpdateShape

    /// A layout.
    public init(parameters: Int, statistics: [Range<Int>] = [], shape: UpdateShape) {
        self.parameters = parameters
        self.statistics = statistics
        self.shape = shape
    }
}
