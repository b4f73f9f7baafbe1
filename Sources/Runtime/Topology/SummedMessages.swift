import MPI

/// A sum of integers in a group of ranks, under way: each rank sends its elements to rank 0, which adds them up as they
/// come.
///
/// A library reduces in a group of two by a chain of short segments, each of which waits until both ranks have been
/// given a core: with ranks that sleep while they wait that takes a hundred times as long as one message. Between the
/// ranks of a host the receiver copies, so nothing is gained by two messages at a time, and one buffer is enough.
final class SummedMessages: PendingTransfer {
    private let group: any Communicator
    /// The sum on rank 0; elsewhere what is sent.
    private let region: MemoryRegion
    /// The message under way.
    private var pending: any PendingTransfer
    /// On rank 0, memory for a message; the rank that it is of; elsewhere the group's size.
    private let received: Buffer<Int64>
    private var source: Int

    /// Whether messages do a reduction: of integers, whose sum is the same in any order.
    static func canSum(_ region: MemoryRegion, _ operation: ReduceOperation) -> Bool {
        region.datatype == .int64 && operation == .sum
    }

    /// Sends the elements, or waits for the first.
    /// - Precondition: the group has more than one rank, and no other messages of this tag.
    init(_ region: MemoryRegion, on group: any Communicator) throws(MPIError) {
        self.group = group
        self.region = region
        let isRoot = group.rank == 0
        received = Buffer(count: isRoot ? region.count : 0)
        source = isRoot ? 1 : group.size
        pending = try group.start(
            isRoot ? .receive(received.region, from: 1, tag: Self.tag) : .send(region, to: 0, tag: Self.tag))
    }

    private static let tag = 0

    var status: Status? { nil }

    /// Adds what has come, and waits for the next.
    func test() throws(MPIError) -> Bool {
        while try pending.test() {
            guard source < group.size else { return true }
            region.add(received.region)
            source += 1
            guard source < group.size else { return true }
            pending = try group.start(.receive(received.region, from: source, tag: Self.tag))
        }
        return false
    }

    func cancel() throws(MPIError) -> Bool { preconditionFailure("only a receive can be cancelled") }
}
