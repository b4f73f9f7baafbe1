/// A group of ranks that exchange messages, seen from one of them.
///
/// Programs use the typed methods of the extensions: blocking ones on spans and on ``Buffer``s, and the
/// `start…` forms that return a ``Request``. An implementation (the MPI library, ranks as threads, a decorator
/// that delays or counts) has few requirements, and everything that crosses between ranks goes through
/// ``perform(_:)`` or ``start(_:)``, so a decorator sees every byte in two functions.
///
/// ```swift
/// let sum = try world.allReduce(Int64(samples), .sum)
/// let weights = try world.startBroadcast(weights, root: 0).wait()
/// ```
///
/// All methods are for the thread that initialised MPI (`MPI_THREAD_FUNNELED`, MPI 3.1 §12.4.3). Collective
/// methods are called by every rank of the communicator in the same order, with the same root, operation and
/// type (§5.13); a rank that leaves one out makes the others wait for ever. Every method throws ``MPIError``
/// with the name of the C function that failed.
public protocol Communicator: AnyObject {
    /// This rank, from 0 to `size - 1`.
    var rank: Int { get }
    /// The number of ranks.
    var size: Int { get }

    /// Does a transfer with MPI's blocking call, which spins while it waits.
    ///
    /// Spinning has the lowest latency and takes a whole core. Where the wait may be long, ``start(_:)`` with a
    /// ``Backoff`` leaves the core to the ranks that train.
    ///
    /// - Returns: where the message of a receive came from; nil for every other transfer.
    @discardableResult
    func perform(_ transfer: Transfer) throws(MPIError) -> Status?

    /// Begins a transfer and returns at once. Its memory must stay in place until it is complete.
    ///
    /// The typed `start…` methods take over the buffers for that time. After an error the memory must stay,
    /// too: a part of the transfer may be under way.
    func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer

    /// Begins a transfer in the place of an earlier one that is complete, so that a stream of messages
    /// allocates nothing.
    ///
    /// - Parameter former: a transfer of this communicator that is complete and not used again; an
    ///   implementation may ignore it and allocate.
    func start(_ transfer: Transfer, reusing former: (any PendingTransfer)?) throws(MPIError) -> any PendingTransfer

    /// Blocks (spins) until a message can be received, and leaves it there (MPI 3.1 §3.8.1).
    ///
    /// - Parameters:
    ///   - source: the sender's rank; nil matches any.
    ///   - tag: the message's tag; nil matches any.
    /// - Returns: source, tag and length in bytes, to make a buffer of the right length for the receive.
    func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status

    /// Looks for a message that can be received, without blocking and without taking it.
    ///
    /// A call also lets the library make progress. Any rank and any tag match where `source` and `tag` are nil.
    ///
    /// - Returns: the message's source, tag and length; nil if none is there.
    func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status?

    /// Makes one communicator of all ranks that give the same color; collective (MPI 3.1 §6.4.2).
    ///
    /// - Parameters:
    ///   - color: at least 0; a rank with nil joins no group, but takes part in the call.
    ///   - key: ranks are ordered by key, then by their rank here.
    /// - Returns: the caller's group; nil where the color is nil.
    func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)?

    /// Makes one communicator of all ranks that share a host's memory; collective (MPI 3.1 §6.4.2).
    ///
    /// - Parameter key: ranks are ordered by key, then by their rank here.
    /// - Returns: the group of the caller's host.
    func splitByHost(key: Int) throws(MPIError) -> any Communicator

    /// Makes a communicator of the same ranks whose messages never match messages of this one; collective.
    ///
    /// A part of the program that has a duplicate of its own may use any tag and receive from any source.
    func duplicate() throws(MPIError) -> any Communicator

    /// Makes a communicator of some of the ranks; collective over those ranks only, so that others may be dead.
    ///
    /// A way to go on with collectives after the loss of a rank (`MPI_Comm_create_group`, MPI 3.1 §6.4.2);
    /// `split` would wait for the dead one. Every member must be alive: the call has no deadline.
    ///
    /// - Parameters:
    ///   - ranks: in the new order, the same on every caller, without repetition.
    ///   - tag: tells apart groups that are made at the same time.
    /// - Returns: nil if this rank is not among them, without any communication.
    func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)?

    /// Gives back a communicator made by `split`, `duplicate` or `createGroup`; collective, and its last use.
    ///
    /// A communicator that is dropped is freed then, if nothing is under way on it, so all ranks must drop it
    /// at the same place of the program. The world is freed by MPI. With a dead member use ``abandon()``: the
    /// library may wait for all.
    func free() throws(MPIError)
}

extension Communicator {
    /// Allocates a new transfer; the default for implementations that reuse nothing.
    public func start(
        _ transfer: Transfer, reusing former: (any PendingTransfer)?
    ) throws(MPIError) -> any PendingTransfer {
        try start(transfer)
    }

    /// Blocks until a message with any tag can be received from `source` (nil: from any rank), and leaves it there.
    public func probe(from source: Int? = nil) throws(MPIError) -> Status {
        try probe(from: source, tag: nil)
    }

    /// Looks for a message with any tag from `source` (nil: from any rank); does not block.
    public func iprobe(from source: Int? = nil) throws(MPIError) -> Status? {
        try iprobe(from: source, tag: nil)
    }
}
