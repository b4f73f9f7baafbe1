package import MPI

/// A communicator of ranks on one host, where a long broadcast from rank 0 is a message to each rank.
///
/// On one host a receiver copies straight from the sender's memory, and all may do so at the same time. A library's tree
/// lets a rank wait until another has been given a core and has passed on what it got: with more ranks than cores, that
/// is most of the time of a broadcast. All else goes over the communicator below.
package final class HostCommunicator: Communicator {
    /// The communicator of all ranks.
    private let base: any Communicator
    /// The communicator of the messages.
    private let messages: any Communicator
    /// The tag of the messages.
    private let tag: Int

    /// Shorter broadcasts are the library's: it sends them without waiting for the receiver.
    static let leastBytes = 64 << 10

    /// Puts another broadcast before a communicator's own.
    /// - Parameters:
    ///   - base: ranks that share a host.
    ///   - messages: a communicator of the same ranks, for the messages.
    ///   - tag: a tag that nobody else uses there, and that nobody who receives any tag is confused by.
    package init(_ base: any Communicator, messages: any Communicator, tag: Int) {
        self.base = base
        self.messages = messages
        self.tag = tag
    }

    package var rank: Int { base.rank }
    package var size: Int { base.size }

    /// Starts a transfer; counts are equal on all ranks, so all choose alike.
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        guard case .broadcast(let region, root: 0) = transfer, region.byteCount >= Self.leastBytes, size > 1 else {
            return try base.start(transfer)
        }
        guard rank == 0 else { return SeveralTransfers([try messages.start(.receive(region, from: 0, tag: tag))]) }
        var pending: [any PendingTransfer] = []
        for other in 1..<size { pending.append(try messages.start(.send(region, to: other, tag: tag))) }
        return SeveralTransfers(pending)
    }

    /// Does a transfer by the library's blocking call.
    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? { try base.perform(transfer) }
    package func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }
    package func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }
    package func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key)
    }
    package func splitByHost(key: Int) throws(MPIError) -> any Communicator { try base.splitByHost(key: key) }
    package func duplicate() throws(MPIError) -> any Communicator { try base.duplicate() }
    package func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag)
    }
    package func free() throws(MPIError) { try base.free() }
}

/// Messages that are one collective: complete when all are, and from nobody.
private final class SeveralTransfers: PendingTransfer {
    private var pending: [any PendingTransfer]

    init(_ pending: [any PendingTransfer]) { self.pending = pending }

    var status: Status? { nil }

    func test() throws(MPIError) -> Bool {
        while let last = pending.last, try last.test() { pending.removeLast() }
        return pending.isEmpty
    }

    func cancel() throws(MPIError) -> Bool { preconditionFailure("only a receive can be cancelled") }
}
