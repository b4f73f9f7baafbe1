public import MPI

/// A communicator between ranks that are threads of this process.
///
/// It keeps MPI's rules and is stricter where MPI leaves freedom: every collective waits for all ranks, a blocking send
/// of more than ``bufferedBytes`` waits for its receiver, and calls that do not fit together are errors.
public class ThreadCommunicator: Communicator {
    public let rank: Int
    public let size: Int

    /// The longest message that a blocking send leaves behind without waiting for the receiver, in bytes.
    public static let bufferedBytes = 4096

    private let fabric: Fabric
    private let context: Int
    /// The rank in the job, for messages to people.
    private let worldRank: Int
    private var collectives = 0

    init(_ fabric: Fabric, context: Int, rank: Int, size: Int, worldRank: Int) {
        self.fabric = fabric
        self.context = context
        self.rank = rank
        self.size = size
        self.worldRank = worldRank
    }

    @discardableResult
    public func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        try begin(transfer).wait()
    }

    public func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        try begin(transfer)
    }

    public func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try fabric.wait(worldRank: worldRank, in: "MPI_Probe") {
            fabric.withMailbox(address(rank)) { $0.probe(source: source, tag: tag) }
        }
    }

    public func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try fabric.update { () throws(MPIError) in
            try fabric.checkIsAlive("MPI_Iprobe")
            return fabric.withMailbox(address(rank)) { $0.probe(source: source, tag: tag) }
        }
    }

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

    public func duplicate() throws(MPIError) -> any Communicator {
        let agreement = try agree("MPI_Comm_dup", nextKey(), members: size, [])
        return ThreadCommunicator(
            fabric, context: agreement.firstContext, rank: rank, size: size, worldRank: worldRank)
    }

    public func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        guard let newRank = ranks.firstIndex(of: rank) else { return nil }
        if let bad = ranks.first(where: { $0 < 0 || $0 >= size }) {
            throw MPIError(function: "MPI_Group_incl", code: 6, message: "invalid rank \(bad)")
        }
        let key = Meeting.Key.group(context: context, ranks: ranks, tag: tag)
        let agreement = try agree("MPI_Comm_create_group", key, members: ranks.count, as: newRank, [])
        return child(of: ranks, context: agreement.firstContext)
    }

    public func free() throws(MPIError) {}

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

    private func nextKey() -> Meeting.Key {
        collectives += 1
        return .collective(context: context, number: collectives)
    }

    private func child(of members: [Int], context: Int) -> ThreadCommunicator? {
        members.firstIndex(of: rank).map {
            ThreadCommunicator(fabric, context: context, rank: $0, size: members.count, worldRank: worldRank)
        }
    }

    private func address(_ rank: Int) -> Fabric.Address {
        Fabric.Address(context: context, rank: rank)
    }
}

/// A communicator of one rank, without threads. A call that could only wait for another rank is an error.
public final class LoopbackCommunicator: ThreadCommunicator {
    public init() {
        super.init(Fabric(rankCount: 1), context: 0, rank: 0, size: 1, worldRank: 0)
    }
}
