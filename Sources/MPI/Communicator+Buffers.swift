/// The blocking operations on whole buffers: the span forms without their closures, with the same rules and errors.
///
/// The caller keeps its buffers; a blocking call uses them only until it returns.
extension Communicator {
    /// Sends the root's elements to every rank; collective. Counts are equal on all ranks.
    public func broadcast<T>(_ data: inout Buffer<T>, root: Int) throws(MPIError) {
        try perform(.broadcast(data.region, root: root))
    }

    /// Collects equal parts at the root in rank order; collective.
    ///
    /// - Parameter receive: at the root, `size` times as long as `send`; elsewhere ignored.
    public func gather<T>(_ send: borrowing Buffer<T>, into receive: inout Buffer<T>, root: Int) throws(MPIError) {
        precondition(rank != root || receive.count == send.count * size, "gather: the root's length")
        try perform(.gather(send.region, into: receive.region, root: root))
    }

    /// Collects parts of different lengths at the root, one behind another in rank order; collective.
    ///
    /// - Parameters:
    ///   - receive: at the root, at least as long as all parts; elsewhere ignored.
    ///   - counts: at the root, the number of elements of each rank; elsewhere ignored.
    public func gatherv<T>(
        _ send: borrowing Buffer<T>, into receive: inout Buffer<T>, counts: [Int], root: Int
    ) throws(MPIError) {
        checkCounts(counts, send: send.count, receive: receive.count, root: root)
        try perform(.gatherv(send.region, into: receive.region, counts: counts, root: root))
    }

    /// Hands the root's elements out in equal parts in rank order; collective.
    ///
    /// - Parameter send: at the root, `size` times as long as `receive`; elsewhere ignored.
    public func scatter<T>(_ send: borrowing Buffer<T>, into receive: inout Buffer<T>, root: Int) throws(MPIError) {
        precondition(rank != root || send.count == receive.count * size, "scatter: the root's length")
        try perform(.scatter(send.region, into: receive.region, root: root))
    }

    /// Combines all ranks' elements one by one into the root's; collective. The other ranks' stay as they are.
    public func reduce<T>(_ data: inout Buffer<T>, _ operation: ReduceOperation, root: Int) throws(MPIError) {
        try perform(.reduce(data.region, operation, root: root))
    }

    /// Combines all ranks' elements one by one into every rank's; collective.
    public func allReduce<T>(_ data: inout Buffer<T>, _ operation: ReduceOperation) throws(MPIError) {
        try perform(.allReduce(data.region, operation))
    }

    /// Sends a message. May wait for the receiver, as libraries do with long messages.
    public func send<T>(_ data: borrowing Buffer<T>, to destination: Int, tag: Int) throws(MPIError) {
        try perform(.send(data.region, to: destination, tag: tag))
    }

    /// Waits for a message, of any rank and with any tag where these are nil.
    ///
    /// - Parameters:
    ///   - data: at least as long as the message; a longer message is an error.
    ///   - source: the sender's rank; nil takes a message of any rank.
    ///   - tag: nil takes a message with any tag.
    /// - Returns: source, tag and length of the message.
    @discardableResult
    public func receive<T>(
        into data: inout Buffer<T>, from source: Int? = nil, tag: Int? = nil
    ) throws(MPIError) -> Status {
        guard let status = try perform(.receive(data.region, from: source, tag: tag)) else {
            preconditionFailure("a receive without status")
        }
        return status
    }
}
