/// The two buffers of a gather, given back when it is complete.
///
/// They come back as they went in, so that a round's buffers are made once and used in every round.
@frozen
public struct GatherBuffers<Element: MPIScalar>: ~Copyable {
    /// This rank's part, unchanged.
    public var send: Buffer<Element>
    /// The parts in rank order at the root; elsewhere what the caller gave, unchanged.
    public var receive: Buffer<Element>
}

/// The two buffers of a scatter, given back when it is complete.
@frozen
public struct ScatterBuffers<Element: MPIScalar>: ~Copyable {
    /// The parts of all ranks at the root, unchanged; elsewhere what the caller gave.
    public var send: Buffer<Element>
    /// This rank's part.
    public var receive: Buffer<Element>
}

/// Non-blocking operations. Each takes its buffers and gives them back from ``Request/wait(_:)``.
///
/// While a transfer is under way the library reads and writes its buffers, so the ``Request`` owns them and
/// nobody can touch them (MPI 3.1 §3.7, §5.12). A program starts a transfer, computes, and looks at
/// ``Request/test()`` now and then: libraries make progress mainly inside calls.
///
/// Collective ones are started by all ranks in the same order, and are never matched with blocking ones. If a
/// `start…` throws, its buffers are leaked, because a part of the transfer may have begun.
extension Communicator {
    /// Begins a barrier; collective.
    public func startBarrier() throws(MPIError) -> Request<Void> {
        try begin(.barrier, ())
    }

    /// Begins to send the root's elements to every rank; collective. Counts are equal on all ranks.
    ///
    /// - Returns: a request that gives the buffer back with the root's elements.
    public func startBroadcast<T>(_ buffer: consuming Buffer<T>, root: Int) throws(MPIError) -> Request<Buffer<T>> {
        try begin(.broadcast(buffer.region, root: root), buffer)
    }

    /// Begins to collect equal parts at the root in rank order; collective.
    ///
    /// - Parameter receive: at the root, `size` times as long as `send`; elsewhere it may be empty.
    public func startGather<T>(
        _ send: consuming Buffer<T>, into receive: consuming Buffer<T>, root: Int
    ) throws(MPIError) -> Request<GatherBuffers<T>> {
        precondition(rank != root || receive.count == send.count * size, "gather: the root's length")
        let transfer = Transfer.gather(send.region, into: receive.region, root: root)
        return try begin(transfer, GatherBuffers(send: send, receive: receive))
    }

    /// Begins to collect parts of different lengths at the root, one behind another in rank order; collective.
    ///
    /// - Parameters:
    ///   - send: the buffer with this rank's part at its start.
    ///   - count: how many of `send`'s first elements are this rank's part; nil for all of them. So one buffer
    ///     serves rounds with different numbers of clients.
    ///   - receive: at the root, at least as long as all parts; elsewhere it may be empty.
    ///   - counts: at the root, the number of elements of each rank; elsewhere ignored.
    ///   - root: the rank that collects.
    public func startGatherv<T>(
        _ send: consuming Buffer<T>, sending count: Int? = nil, into receive: consuming Buffer<T>, counts: [Int],
        root: Int
    ) throws(MPIError) -> Request<GatherBuffers<T>> {
        let part = send.region.slice(0, count: count ?? send.count)
        checkCounts(counts, send: part.count, receive: receive.count, root: root)
        let transfer = Transfer.gatherv(part, into: receive.region, counts: counts, root: root)
        return try begin(transfer, GatherBuffers(send: send, receive: receive))
    }

    /// Begins to hand the root's elements out in equal parts in rank order; collective.
    ///
    /// - Parameter send: at the root, `size` times as long as `receive`; elsewhere it may be empty.
    public func startScatter<T>(
        _ send: consuming Buffer<T>, into receive: consuming Buffer<T>, root: Int
    ) throws(MPIError) -> Request<ScatterBuffers<T>> {
        precondition(rank != root || send.count == receive.count * size, "scatter: the root's length")
        let transfer = Transfer.scatter(send.region, into: receive.region, root: root)
        return try begin(transfer, ScatterBuffers(send: send, receive: receive))
    }

    /// Begins to combine all ranks' elements into the root's, in place; collective. The other ranks' stay as they are.
    public func startReduce<T>(
        _ buffer: consuming Buffer<T>, _ operation: ReduceOperation, root: Int
    ) throws(MPIError) -> Request<Buffer<T>> {
        try begin(.reduce(buffer.region, operation, root: root), buffer)
    }

    /// Begins to combine all ranks' elements into every rank's, in place; collective.
    public func startAllReduce<T>(
        _ buffer: consuming Buffer<T>, _ operation: ReduceOperation
    ) throws(MPIError) -> Request<Buffer<T>> {
        try begin(.allReduce(buffer.region, operation), buffer)
    }

    /// Begins to send a message.
    ///
    /// Complete means that the buffer is free again, not that the message was received: a short message may be
    /// complete while its receiver is dead.
    public func startSend<T>(
        _ buffer: consuming Buffer<T>, to destination: Int, tag: Int
    ) throws(MPIError) -> Request<Buffer<T>> {
        try begin(.send(buffer.region, to: destination, tag: tag), buffer)
    }

    /// Begins to wait for a message, of any rank and with any tag where these are nil.
    ///
    /// ``Request/status`` says where it came from and how long it is once it is there. Unlike all other
    /// transfers a receive can be withdrawn with ``Request/cancel()``.
    ///
    /// - Parameter buffer: at least as long as the message; a longer message is an error of the wait.
    public func startReceive<T>(
        into buffer: consuming Buffer<T>, from source: Int? = nil, tag: Int? = nil
    ) throws(MPIError) -> Request<Buffer<T>> {
        try begin(.receive(buffer.region, from: source, tag: tag), buffer)
    }
}

extension Communicator {
    /// Starts a transfer whose regions lie in `payload`, and moves the payload into the request.
    private func begin<Payload: ~Copyable>(
        _ transfer: Transfer, _ payload: consuming Payload
    ) throws(MPIError) -> Request<Payload> {
        let pending: any PendingTransfer
        do {
            pending = try start(transfer)
        } catch {
            // A part of the transfer may have begun.
            leak(payload)
            throw error
        }
        return Request(pending, payload: payload)
    }
}
