/// A communicator that stands before another one of the same ranks, and does by itself only what it says: everything else is the other's,
/// groups and duplicates included.
package protocol ForwardingCommunicator: Communicator {
    /// The communicator behind it.
    var base: any Communicator { get }
}

extension ForwardingCommunicator {
    package var rank: Int { base.rank }
    package var size: Int { base.size }

    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? { try base.perform(transfer) }
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer { try base.start(transfer) }

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
