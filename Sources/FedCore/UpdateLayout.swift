/// The places in a client's message: first the update, the change of the federated parameters, then what its strategy
/// sends beside it, and last, in a scaled message, the running statistics and the exponent. Stages find by it what
/// they change.
public struct UpdateLayout: Sendable, Equatable {
    /// Length d of the update: the federated parameters.
    public var parameters: Int
    /// Ranges of the running statistics within the update; ascending.
    public var statistics: [Range<Int>]
    /// The blocks in which the whole message is summed.
    public var shape: UpdateShape

    /// Describes a message.
    public init(parameters: Int, statistics: [Range<Int>] = [], shape: UpdateShape) {
        self.parameters = parameters
        self.statistics = statistics
        self.shape = shape
    }
}
