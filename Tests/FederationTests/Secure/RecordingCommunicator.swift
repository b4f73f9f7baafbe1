import MPI

/// All that has come to one rank, and what it has sent point to point.
final class Traffic {
    /// Messages and gathered answers, in the order in which they were complete.
    var received: [[UInt8]] = []
    /// Regions of reductions to this rank.
    var sums: [[UInt64]] = []
    /// Messages from this rank.
    var sent: [[UInt8]] = []
}

/// Notes everything that comes to its rank, through communicators that are made of it, too.
final class RecordingCommunicator: ForwardingCommunicator {
    let base: any Communicator
    private let traffic: Traffic

    init(_ base: any Communicator, _ traffic: Traffic) {
        self.base = base
        self.traffic = traffic
    }

    /// A transfer whose memory is looked at once it is complete.
    private final class Recorded: PendingTransfer {
        private let base: any PendingTransfer
        private var note: ((Status?) -> Void)?

        init(_ base: any PendingTransfer, _ note: @escaping (Status?) -> Void) {
            self.base = base
            self.note = note
        }

        var status: Status? { base.status }

        func test() throws(MPIError) -> Bool {
            guard try base.test() else { return false }
            note?(base.status)
            note = nil
            return true
        }

        func cancel() throws(MPIError) -> Bool { try base.cancel() }
    }

    /// Notes what a transfer that is complete has brought.
    private func note(_ transfer: Transfer, _ status: Status?) {
        switch transfer {
        case .gather(_, let all, let root) where root == rank: traffic.received.append(Self.bytes(all))
        case .gatherv(_, let all, _, let root) where root == rank: traffic.received.append(Self.bytes(all))
        case .receive(let region, _, _):
            traffic.received.append(Self.bytes(region, status.map { min($0.byteCount, region.byteCount) }))
        case .broadcast(let region, let root) where root != rank: traffic.received.append(Self.bytes(region))
        case .allReduce(let region, _): traffic.received.append(Self.bytes(region))
        case .reduce(let region, _, let root) where root == rank:
            guard region.datatype == .int64 else { return traffic.received.append(Self.bytes(region)) }
            traffic.sums.append(
                (0..<region.count).map { region.base?.load(fromByteOffset: 8 * $0, as: UInt64.self) ?? 0 })
        default: break
        }
    }

    private static func bytes(_ region: MemoryRegion, _ count: Int? = nil) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: region.base, count: count ?? region.byteCount))
    }

    private func noteSent(_ transfer: Transfer) {
        if case .send(let region, _, _) = transfer { traffic.sent.append(Self.bytes(region)) }
    }

    private func over(_ base: any Communicator) -> any Communicator { RecordingCommunicator(base, traffic) }

    func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        noteSent(transfer)
        return Recorded(try base.start(transfer)) { self.note(transfer, $0) }
    }

    func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        noteSent(transfer)
        let status = try base.perform(transfer)
        note(transfer, status)
        return status
    }

    func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key).map(over)
    }
    func splitByHost(key: Int) throws(MPIError) -> any Communicator { over(try base.splitByHost(key: key)) }
    func duplicate() throws(MPIError) -> any Communicator { over(try base.duplicate()) }
    func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag).map(over)
    }
}
