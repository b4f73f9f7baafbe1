/// Where a message came from and how long it is.
public struct Status: Sendable, Equatable {
    /// The sender's rank.
    public let source: Int
    public let tag: Int
    /// The length of the message in bytes; of a received message, what was received.
    public let byteCount: Int

    package init(source: Int, tag: Int, byteCount: Int) {
        self.source = source
        self.tag = tag
        self.byteCount = byteCount
    }

    /// The number of whole elements of a type in the message.
    public func count<T: MPIScalar>(of type: T.Type) -> Int {
        byteCount / T.datatype.byteCount
    }
}
