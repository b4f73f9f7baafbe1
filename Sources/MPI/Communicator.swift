/// A group of ranks that exchange messages, seen from one of them.
///
/// Programs use the typed methods of the extensions. An implementation (the MPI library, ranks as threads, a decorator
/// that delays or counts) has few requirements, and everything that crosses between ranks goes through ``perform(_:)``
/// or ``start(_:)``.
///
/// All methods are for the thread that initialised MPI. Collective methods are called by every rank of the communicator
/// in the same order, with the same root, operation and type.
public protocol Communicator: AnyObject {
    /// This rank, from 0.
    var rank: Int { get }
    /// The number of ranks.
    var size: Int { get }

    /// Does a transfer with MPI's blocking call, which spins while it waits.
    ///
    /// - Returns: of a receive, where the message came from; otherwise nil.
    @discardableResult
    func perform(_ transfer: Transfer) throws(MPIError) -> Status?

    /// Begins a transfer. Its memory must stay in place until it is complete.
    func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer

    /// Like ``start(_:)``, in the place of an earlier transfer that is complete, so that nothing need be allocated.
    ///
    /// - Parameter former: of this communicator, complete, and not used again; an implementation may leave it alone.
    func start(_ transfer: Transfer, reusing former: (any PendingTransfer)?) throws(MPIError) -> any PendingTransfer

    /// Blocks until a message can be received, and leaves it there. Any rank and any tag match where these are nil.
    func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status

    /// Whether a message can be received; nil if not. Does not block. Any rank and any tag match where these are nil.
    func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status?

    /// The ranks that give the same color, as a communicator of their own; collective.
    ///
    /// - Parameters:
    ///   - color: at least 0; nil joins no group.
    ///   - key: ranks are ordered by key, then by their rank here.
    /// - Returns: nil where the color is nil.
    func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)?

    /// The same ranks with messages of their own, which never match messages here; collective.
    func duplicate() throws(MPIError) -> any Communicator

    /// Some of the ranks as a communicator; collective over those ranks only, so that others may be dead.
    ///
    /// - Parameters:
    ///   - ranks: in the new order, the same on every caller, without repetition.
    ///   - tag: tells apart groups that are made at the same time.
    /// - Returns: nil if this rank is not among them.
    func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)?

    /// Gives back a communicator made by `split`, `duplicate` or `createGroup`; collective, and its last use.
    ///
    /// A communicator that is dropped is freed then, if nothing is under way on it. The world is freed by MPI.
    func free() throws(MPIError)
}

extension Communicator {
    public func start(
        _ transfer: Transfer, reusing former: (any PendingTransfer)?
    ) throws(MPIError) -> any PendingTransfer {
        try start(transfer)
    }

    public func probe(from source: Int? = nil) throws(MPIError) -> Status {
        try probe(from: source, tag: nil)
    }

    public func iprobe(from source: Int? = nil) throws(MPIError) -> Status? {
        try iprobe(from: source, tag: nil)
    }
}
