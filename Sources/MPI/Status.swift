/// Where a message came from and how long it is: the answer of a probe or a completed receive.
public struct Status: Sendable, Equatable {
    /// The sender's rank.
    public let source: Int
    /// The tag that the sender gave, also where any tag was asked for.
    public let tag: Int
    /// The length of the message in bytes; the receive's buffer may be longer.
    public let byteCount: Int

    package init(source: Int, tag: Int, byteCount: Int) {
        self.source = source
        self.tag = tag
        self.byteCount = byteCount
    }

    /// The number of whole elements of a type in the message; a rest of some bytes is not counted.
    public func count<T: MPIScalar>(of type: T.Type) -> Int {
        byteCount / T.datatype.byteCount
    }
}
