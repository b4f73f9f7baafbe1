public import MPI

/// A communicator between ranks that are threads of this process.
///
/// It keeps MPI's rules (the contract of ``CommunicatorContract``) and is stricter where the standard leaves
/// freedom, so that a program which works here does not depend on the kindness of one library:
///
/// - Every collective waits for all ranks, as a barrier does. A broadcast's root may return early under MPI.
/// - A blocking send of more than ``bufferedBytes`` waits for its receiver; shorter ones never do (MPI 3.1 §3.5).
/// - Calls that do not fit together (another collective, root, count or type) are errors on every rank, where
///   MPI leaves them undefined and libraries hang or write past the end.
/// - A call that can never end because a rank failed, or because there is only one, is an error.
///
/// Waiting ranks sleep in a condition variable and take no core. Ranks of one job share a ``Fabric``; each has
/// an object of this class per communicator, used from its own thread only.
public class ThreadCommunicator: Communicator {
    /// This rank within the communicator, from 0.
    public let rank: Int
    /// The number of ranks of the communicator.
    public let size: Int

    /// The longest message that a blocking send leaves behind without waiting for the receiver, in bytes.
    ///
    /// Libraries have such a limit, too, but none that a program may count on.
    public static let bufferedBytes = 4096

    /// What the ranks of the job share.
    private let fabric: Fabric
    /// The communicator's number within the job. Messages and collectives of different contexts never meet,
    /// which is what MPI's contexts do (MPI 3.1 §6.2.2).
    private let context: Int
    /// The rank in the job, for messages to people.
    private let worldRank: Int
    /// How many collectives this rank has begun here; the n-th of one rank meets the n-th of the others.
    private var collectives = 0

    /// Makes one rank's view of a communicator. All ranks of it give the same fabric, context and size.
    init(_ fabric: Fabric, context: Int, rank: Int, size: Int, worldRank: Int) {
        self.fabric = fabric
        self.context = context
        self.rank = rank
        self.size = size
        self.worldRank = worldRank
    }

    /// Begins a transfer and sleeps until it is complete.
    ///
    /// - Throws: `MPIError` with Open MPI's numbers: 3 type, 4 tag, 6 rank, 8 root, 15 truncated, 16 other.
    @discardableResult
    public func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        try begin(transfer).wait()
    }

    /// Begins a transfer. Memory of collectives is read and written when the last rank comes, by that rank's thread.
    public func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        try begin(transfer)
    }

    /// Sleeps until a message is there that has been sent and not yet received.
    public func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try fabric.wait(worldRank: worldRank, in: "MPI_Probe") {
            fabric.withMailbox(address(rank)) { $0.probe(source: source, tag: tag) }
        }
    }

    /// Looks for a message that has been sent and not yet received.
    ///
    /// - Throws: `MPIError` when the job has failed, so that a loop around it ends.
    public func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try fabric.update { () throws(MPIError) in
            try fabric.checkIsAlive("MPI_Iprobe")
            let status = fabric.withMailbox(address(rank)) { $0.probe(source: source, tag: tag) }
            if status == nil { fabric.notePoll(of: worldRank, in: "MPI_Iprobe") }
            return status
        }
    }

    /// Makes one communicator per color. All ranks exchange color and key, and each works out the groups by itself.
    ///
    /// Nothing more is sent: the meeting gives as many unused context numbers as it has members, and the groups
    /// take them in the order of their colors.
    ///
    /// - Complexity: O(p log p) for p ranks, on each of them.
    public func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        precondition(color.map { $0 >= 0 } ?? true, "split: a negative color")
        let agreement = try agree("MPI_Comm_split", nextKey(), members: size, [color ?? -1, key])
        guard let color else { return nil }
        let colors = Set(agreement.values.values.map { $0[0] }).sorted()
        let members = agreement.values.filter { $0.value[0] == color }
            .sorted { ($0.value[1], $0.key) < ($1.value[1], $1.key) }
            .map(\.key)
        guard let group = colors.firstIndex(of: color) else { return nil }
        return child(of: members, context: agreement.firstContext + group)
    }

    /// Makes a communicator of all ranks: threads of a process share its memory.
    public func splitByHost(key: Int) throws(MPIError) -> any Communicator {
        guard let all = try split(color: 0, key: key) else { preconditionFailure("a split without a group") }
        return all
    }

    /// Makes a communicator of the same ranks with a context of its own; waits for all of them.
    public func duplicate() throws(MPIError) -> any Communicator {
        let agreement = try agree("MPI_Comm_dup", nextKey(), members: size, [])
        return ThreadCommunicator(
            fabric, context: agreement.firstContext, rank: rank, size: size, worldRank: worldRank)
    }

    /// Makes a communicator of some ranks, who meet under the list of them and the tag; the others are not waited for.
    public func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        guard let newRank = ranks.firstIndex(of: rank) else { return nil }
        if let bad = ranks.first(where: { $0 < 0 || $0 >= size }) {
            throw MPIError(function: "MPI_Group_incl", code: 6, message: "invalid rank \(bad)")
        }
        let key = Meeting.Key.group(context: context, ranks: ranks, tag: tag)
        let agreement = try agree("MPI_Comm_create_group", key, members: ranks.count, as: newRank, [])
        return child(of: ranks, context: agreement.firstContext)
    }

    /// Does nothing: there is nothing to give back.
    public func free() throws(MPIError) {}

    /// Checks the arguments as a library would, then starts the transfer.
    private func begin(_ transfer: Transfer) throws(MPIError) -> ThreadTransfer {
        try check(transfer)
        switch transfer {
        case .send(let region, let destination, let tag):
            return try send(region, to: destination, tag: tag)
        case .receive(let region, let source, let tag):
            return try receive(region, from: source, tag: tag)
        default:
            let pending = ThreadTransfer(transfer.function, fabric, worldRank: worldRank)
            try fabric.update { () throws(MPIError) in
                try fabric.join(nextKey(), members: size, rank: rank, .transfer(transfer), pending)
            }
            return pending
        }
    }

    /// Copies the message and puts it into the receiver's mailbox.
    ///
    /// It is copied also when the send waits, so that no thread reads another rank's memory.
    private func send(_ region: MemoryRegion, to destination: Int, tag: Int) throws(MPIError) -> ThreadTransfer {
        let pending = ThreadTransfer("MPI_Send", fabric, worldRank: worldRank)
        let isBuffered = region.byteCount <= Self.bufferedBytes
        if isBuffered { pending.state = .complete(nil) }
        let message = Mailbox.Message(
            source: rank, tag: tag, bytes: Array(UnsafeRawBufferPointer(start: region.base, count: region.byteCount)),
            datatype: region.datatype, send: isBuffered ? nil : pending)
        try fabric.update { () throws(MPIError) in
            try fabric.checkIsAlive("MPI_Send")
            fabric.withMailbox(address(destination)) { $0.deliver(message) }
        }
        return pending
    }

    /// Puts a receive into this rank's own mailbox, which may match it at once.
    private func receive(_ region: MemoryRegion, from source: Int?, tag: Int?) throws(MPIError) -> ThreadTransfer {
        let (fabric, address) = (fabric, address(rank))
        let pending = ThreadTransfer("MPI_Recv", fabric, worldRank: worldRank) { transfer in
            fabric.withMailbox(address) { $0.withdraw(transfer) }
        }
        let receive = Mailbox.Receive(region: region, source: source, tag: tag, transfer: pending)
        try fabric.update { () throws(MPIError) in
            try fabric.checkIsAlive("MPI_Recv")
            fabric.withMailbox(address) { $0.post(receive) }
        }
        return pending
    }

    /// Refuses ranks, roots and tags that do not exist, with the names of MPI's error classes (MPI 3.1 §8.4).
    ///
    /// Only what a rank can see by itself; what ranks must agree on is checked when the last one has come.
    ///
    /// - Throws: `MPIError` before anything has begun.
    private func check(_ transfer: Transfer) throws(MPIError) {
        let function = transfer.function
        if let root = transfer.root, root < 0 || root >= size {
            throw MPIError(function: function, code: 8, message: "MPI_ERR_ROOT: invalid root")
        }
        let (peer, tag): (Int?, Int?) =
            switch transfer {
            case .send(_, let destination, let tag): (destination, tag)
            case .receive(_, let source, let tag): (source, tag)
            default: (nil, nil)
            }
        if let peer, peer < 0 || peer >= size {
            throw MPIError(function: function, code: 6, message: "MPI_ERR_RANK: invalid rank")
        }
        if let tag, tag < 0 { throw MPIError(function: function, code: 4, message: "MPI_ERR_TAG: invalid tag") }
    }

    /// Gives numbers to all members of a collective and gets everybody's; blocks until the last has come.
    ///
    /// - Parameters:
    ///   - function: the C function that the call stands for, by which mismatched calls are seen.
    ///   - key: which meeting it is.
    ///   - members: how many ranks take part.
    ///   - rank: the caller's rank among the members; nil for its rank here.
    ///   - values: the caller's numbers.
    private func agree(
        _ function: String, _ key: Meeting.Key, members: Int, as rank: Int? = nil, _ values: [Int]
    ) throws(MPIError) -> ThreadTransfer.Agreement {
        let pending = ThreadTransfer(function, fabric, worldRank: worldRank)
        try fabric.update { () throws(MPIError) in
            let part = Meeting.Part.agree(function: function, values: values)
            try fabric.join(key, members: members, rank: rank ?? self.rank, part, pending)
        }
        _ = try pending.wait()
        guard let agreement = pending.agreement else { preconditionFailure("an agreement without result") }
        return agreement
    }

    /// The key of this rank's next collective.
    private func nextKey() -> Meeting.Key {
        collectives += 1
        return .collective(context: context, number: collectives)
    }

    /// This rank's view of a new communicator; nil when it is not a member.
    ///
    /// - Parameter members: their ranks here, in the new order.
    private func child(of members: [Int], context: Int) -> ThreadCommunicator? {
        members.firstIndex(of: rank).map {
            ThreadCommunicator(fabric, context: context, rank: $0, size: members.count, worldRank: worldRank)
        }
    }

    /// The key of a rank's mailbox in this communicator.
    private func address(_ rank: Int) -> Fabric.Address {
        Fabric.Address(context: context, rank: rank)
    }
}

/// A communicator of one rank, without threads. A call that could only wait for another rank is an error.
///
/// For tests of code that takes a communicator but needs no second rank: collectives complete at once, and
/// messages to itself arrive where the send was buffered or begun without blocking.
///
/// ```swift
/// let alone = LoopbackCommunicator()
/// let sum = try alone.allReduce(Int64(5), .sum)  // 5
/// try alone.receive(into: &data)                 // MPIError: waits for ever: there is no other rank
/// ```
public final class LoopbackCommunicator: ThreadCommunicator {
    /// Makes a job of one rank.
    public init() {
        super.init(Fabric(rankCount: 1), context: 0, rank: 0, size: 1, worldRank: 0)
    }
}
