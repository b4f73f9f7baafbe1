/// A run of elements that an operation reads or writes: address, number and type, without ownership.
///
/// Whoever makes a ``Transfer`` from it keeps the memory in place until the transfer is complete: blocking
/// calls by not returning, ``Request`` and ``MessageSlot`` by owning the buffers.
public struct MemoryRegion {
    /// The first element; nil only if there is none.
    package let base: UnsafeMutableRawPointer?
    /// The number of elements.
    public let count: Int
    /// The type of the elements, which decides their size and how a reduction combines them.
    public let datatype: Datatype

    package init(base: UnsafeMutableRawPointer?, count: Int, datatype: Datatype) {
        precondition(base != nil || count == 0)
        self.base = base
        self.count = count
        self.datatype = datatype
    }

    /// The length in bytes; may pass 2³¹.
    public var byteCount: Int { count * datatype.byteCount }

    /// The `count` elements from index `start`.
    package func slice(_ start: Int, count: Int) -> MemoryRegion {
        precondition(start >= 0 && count >= 0 && start <= self.count - count, "a slice outside its region")
        return MemoryRegion(base: base.map { $0 + start * datatype.byteCount }, count: count, datatype: datatype)
    }

    /// Copies another region of the same length and type into this one.
    package func copy(from other: MemoryRegion) {
        precondition(other.byteCount == byteCount)
        if let base, let source = other.base { base.copyMemory(from: source, byteCount: byteCount) }
    }
}

/// One MPI call as a value: what ``Communicator/perform(_:)`` does at once and ``Communicator/start(_:)`` begins.
///
/// A decorator of a communicator (a simulated link, a byte counter) looks at this value; programs call the
/// typed methods of ``Communicator``. Regions named `into` are written, all others are read, except where both
/// is said. Ranks and tags are not checked here: an invalid one is the library's error.
public enum Transfer {
    /// Moves nothing; complete when every rank has begun it.
    case barrier
    /// One region, read at the root and written elsewhere.
    case broadcast(MemoryRegion, root: Int)
    /// Parts of equal counts. At the root `into` holds one part per rank; elsewhere it is ignored.
    case gather(MemoryRegion, into: MemoryRegion, root: Int)
    /// Parts of one count per rank, in elements, one behind another. `into` and `counts` are ignored but at the root.
    case gatherv(MemoryRegion, into: MemoryRegion, counts: [Int], root: Int)
    /// Parts of equal counts. At the root the first region holds one part per rank; elsewhere it is ignored.
    case scatter(MemoryRegion, into: MemoryRegion, root: Int)
    /// Combines in place: the root's region becomes the result, the others are only read.
    case reduce(MemoryRegion, ReduceOperation, root: Int)
    /// Combines in place: every region becomes the result.
    case allReduce(MemoryRegion, ReduceOperation)
    /// A message to a rank, with a tag from 0 to at least 32767 (`MPI_TAG_UB`, MPI 3.1 §8.1.2).
    case send(MemoryRegion, to: Int, tag: Int)
    /// A message from a rank and with a tag, or from any and with any where these are nil.
    case receive(MemoryRegion, from: Int?, tag: Int?)
}

/// A transfer under way, without its memory.
///
/// An implementation's counterpart of a request; programs hold a ``Request`` or a ``MessageSlot``, which own
/// the memory. Dropping it does not end the transfer.
public protocol PendingTransfer: AnyObject {
    /// The source, tag and length of a completed receive; otherwise nil.
    var status: Status? { get }

    /// Whether the transfer is complete; lets the library make progress. Does not block.
    ///
    /// - Throws: the transfer's error, such as a message longer than its region. Its memory must then be leaked.
    func test() throws(MPIError) -> Bool

    /// Withdraws a receive. Blocks until the library has decided, which needs no other rank (MPI 3.1 §3.8.4).
    ///
    /// - Returns: whether it was withdrawn; if not, the message had arrived and the transfer is complete.
    /// - Precondition: the transfer is a receive.
    func cancel() throws(MPIError) -> Bool
}

extension MemoryRegion {
    /// Adds the integers of another region, modulo 2⁶⁴.
    /// - Precondition: both have as many Int64.
    package func add(_ other: MemoryRegion) {
        precondition(datatype == .int64 && other.datatype == .int64 && other.count == count, "a sum of unlike regions")
        guard let base, let others = other.base else { return }
        let (sums, terms) = (base.assumingMemoryBound(to: Int64.self), others.assumingMemoryBound(to: Int64.self))
        for i in 0..<count { sums[i] &+= terms[i] }
    }
}
