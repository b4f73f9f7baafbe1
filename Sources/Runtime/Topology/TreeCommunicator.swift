package import MPI
package import Records

/// A communicator whose broadcasts from rank 0 and reductions to it go through groups of ranks, so that between the
/// groups each crosses once for a group and not once for a rank.
///
/// ```
/// broadcast   rank 0 ─► leaders of the groups ─► their groups
/// reduce      groups ─► their leaders add up ─► rank 0
/// ```
///
/// A group is a host's ranks (`MPI_Comm_split_type`), or so many consecutive ones; the leaders of many small groups are
/// grouped again. All else goes over the communicator below. It is a decorator, so that wires and exchanges know
/// nothing of it: a reduction of integers has the same bits on any tree, and a collective with a dead member is given up
/// like any, wherever in the tree the rank was. Long regions go in segments, which are passed on while the next arrive.
///
/// A rank that leads a group passes on what it has whenever it asks about any transfer of this communicator.
package final class TreeCommunicator: ForwardingCommunicator {
    /// The communicator of all ranks. Parts of it, duplicates and groups are without this one's groups.
    package let base: any Communicator
    /// This rank's group, which its rank 0 leads.
    private let group: any Communicator
    /// The leaders of the groups, rank 0 first; nil on a rank that leads none.
    private let leaders: (any Communicator)?
    /// Number of groups.
    private let groupCount: Int
    /// Whether each rank is in rank 0's group.
    private let areNear: [Bool]
    /// The transfer through the groups that was started last; it and those before it may be under way.
    private var last: RelayedTransfer?

    /// On rank 0: bytes that collectives have moved between rank 0's group and the others, as the program meant it.
    package private(set) var bytesBetweenGroups = 0

    /// Groups the ranks of a communicator; collective.
    /// - Parameters:
    ///   - base: all ranks.
    ///   - topology: what makes a group; not `flat`.
    package init(_ base: any Communicator, _ topology: Topology) throws(MPIError) {
        self.base = base
        var part: (any Communicator)?
        switch topology {
        case .flat: preconditionFailure("a flat topology has no groups")
        case .node: part = try base.splitByHost(key: base.rank)
        case .tree(let size): part = try base.split(color: base.rank / size, key: base.rank)
        }
        guard let part else { preconditionFailure("a rank without a group") }
        group = part
        let leading = try base.split(color: part.rank == 0 ? 0 : nil, key: base.rank)
        let leader = try part.startBroadcast(Buffer<Int64>([Int64(base.rank)]), root: 0).wait()
        var leaderOf = Buffer<Int64>(count: base.size)
        leaderOf[base.rank] = leader[0]
        leaderOf = try base.startAllReduce(leaderOf, .sum).wait()
        areNear = (0..<base.size).map { leaderOf[$0] == 0 }
        groupCount = (0..<base.size).count { leaderOf[$0] == Int64($0) }
        if case .tree(let size) = topology, let leading, leading.size > size {
            leaders = try TreeCommunicator(leading, topology)
        } else {
            leaders = leading
        }
    }

    /// Whether a rank is in rank 0's group.
    package func isNear(_ rank: Int) -> Bool { areNear[rank] }

    /// Whether there is more than one group, and a group has more than one rank: otherwise the library's own way is the
    /// same.
    private var relays: Bool { groupCount > 1 && groupCount < size }

    /// Starts a transfer: through the groups, if it is a broadcast or a reduction with root 0.
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        count(transfer)
        let relayed: RelayedTransfer
        switch transfer {
        case .broadcast(let region, root: 0) where relays:
            relayed = RelayedTransfer(.broadcast, region, group, leaders, after: last)
        case .reduce(let region, let operation, root: 0) where relays:
            relayed = RelayedTransfer(.reduce(operation), region, group, leaders, after: last)
        default:
            let pending = try base.start(transfer)
            guard let last else { return pending }
            return AccompaniedTransfer(pending, by: last)
        }
        last = relayed
        _ = try relayed.test()
        return relayed
    }

    /// Does a transfer; one through the groups, or beside one, waits by sleeping.
    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        if !(try isUnderWay()), !isRelayed(transfer) {
            count(transfer)
            return try base.perform(transfer)
        }
        let pending = try start(transfer)
        _ = try Backoff.default.wait { () throws(MPIError) in try pending.test() }
        return pending.status
    }

    /// Waits for a message of the communicator below.
    package func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        guard try isUnderWay() else { return try base.probe(from: source, tag: tag) }
        var status: Status?
        _ = try Backoff.default.wait { () throws(MPIError) in
            status = try iprobe(from: source, tag: tag)
            return status != nil
        }
        guard let status else { preconditionFailure("a wait without end has ended") }
        return status
    }

    /// Looks for a message of the communicator below.
    package func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        _ = try isUnderWay()
        return try base.iprobe(from: source, tag: tag)
    }

    /// Frees the groups and the communicator below.
    package func free() throws(MPIError) {
        try group.free()
        try leaders?.free()
        try base.free()
    }

    /// Keeps the groups for ever, after a rank was lost: freeing them may wait for it. The communicator below is left as
    /// it is.
    package func abandonGroups() {
        group.abandon()
        leaders?.abandon()
        if let leaders = leaders as? TreeCommunicator { leaders.abandonGroups() }
    }

    /// Moves along what goes through the groups.
    /// - Returns: whether something does.
    private func isUnderWay() throws(MPIError) -> Bool {
        guard let last else { return false }
        if try !last.test() { return true }
        self.last = nil
        return false
    }

    /// Whether a transfer goes through the groups.
    private func isRelayed(_ transfer: Transfer) -> Bool {
        switch transfer {
        case .broadcast(_, root: 0), .reduce(_, _, root: 0): relays
        default: false
        }
    }

    /// Counts the bytes of a collective that leave rank 0's group or come to it.
    private func count(_ transfer: Transfer) {
        guard rank == 0 else { return }
        let farGroups = groupCount - 1
        switch transfer {
        case .broadcast(let region, root: 0), .reduce(let region, _, root: 0):
            bytesBetweenGroups += farGroups * region.byteCount
        case .gatherv(let region, _, let counts, root: 0):
            let elements = zip(counts, areNear).reduce(0) { $0 + ($1.1 ? 0 : $1.0) }
            bytesBetweenGroups += elements * region.datatype.byteCount
        case .gather(let region, _, root: 0), .allReduce(let region, _):
            bytesBetweenGroups += areNear.count { !$0 } * region.byteCount
        default: break
        }
    }
}
