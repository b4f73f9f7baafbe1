import MPI

/// A broadcast or a reduction under way through a group and the leaders of the groups: two stages, of which the second
/// begins, segment by segment, as the first is done.
///
/// Transfers through one tree are done one after another, in the order in which they were started: which of two
/// collectives of a group a rank would begin first must not depend on what has come to it.
final class RelayedTransfer: PendingTransfer {
    /// What is done with the region.
    enum Kind {
        case broadcast
        case reduce(ReduceOperation)
    }

    /// Bytes of a segment: much longer than what it costs to start one, and short beside a large model.
    static let segmentBytes = 4 << 20
    /// Segments that are under way at the same time: for each a library may need as much memory again.
    private static let window = 4

    /// What is relayed.
    private let kind: Kind
    /// The message's memory in pieces, each of which travels by itself.
    private let segments: [MemoryRegion]
    /// The communicators of the first and of the second stage; nil where a rank has no part.
    private let stages: (first: (any Communicator)?, second: (any Communicator)?)
    /// Whether a segment of the second stage needs the first's: not at a broadcast's root.
    private let isRelay: Bool
    /// A leader's memory of a reduction, whose own region is only read; nil once the transfer is complete.
    private var staging: Buffer<UInt64>?
    /// The transfer before it, until that is complete.
    private var before: RelayedTransfer?
    /// Whether all of it is done.
    private var isComplete = false
    /// The segments of each stage that are under way or complete.
    private var first: [any PendingTransfer] = []
    private var second: [any PendingTransfer] = []
    /// How many segments of the first stage are complete.
    private var passed = 0
    /// The same of the second stage.
    private var arrived = 0

    /// Describes a transfer; ``test()`` begins it.
    /// - Parameters:
    ///   - kind: what is done.
    ///   - region: this rank's elements.
    ///   - group: this rank's group.
    ///   - leaders: the leaders, if this rank is one.
    ///   - before: the transfer that was started before it.
    init(
        _ kind: Kind, _ region: MemoryRegion, _ group: any Communicator, _ leaders: (any Communicator)?,
        after before: RelayedTransfer?
    ) {
        self.kind = kind
        self.before = before
        let isRoot = leaders?.rank == 0
        var region = region
        var words = 0
        switch kind {
        case .broadcast:
            stages = leaders == nil ? (group, nil) : (leaders, group)
            isRelay = !isRoot
        case .reduce:
            stages = (group, leaders)
            isRelay = true
            if leaders != nil, !isRoot { words = (region.byteCount + 7) / 8 }
        }
        let staging = Buffer<UInt64>(count: words)
        if words > 0 {
            let copy = MemoryRegion(base: staging.region.base, count: region.count, datatype: region.datatype)
            copy.copy(from: region)
            region = copy
        }
        self.staging = .some(staging)
        let length = Self.segmentBytes / region.datatype.byteCount
        segments = stride(from: 0, to: max(region.count, 1), by: length).map {
            region.slice($0, count: min(length, region.count - $0))
        }
    }

    var status: Status? { nil }

    /// Passes on what has come, and tells whether all is done.
    func test() throws(MPIError) -> Bool {
        if isComplete { return true }
        if let before {
            guard try before.test() else { return false }
            self.before = nil
        }
        repeat { try begin() } while try advance()
        guard passed == segments.count, stages.second == nil || arrived == segments.count else { return false }
        isComplete = true
        (first, second) = ([], [])
        staging = nil
        return true
    }

    /// Begins the first stage of as many segments as may be under way, and the second where it need not wait.
    private func begin() throws(MPIError) {
        guard let communicator = stages.first else { return }
        let done = stages.second == nil ? passed : min(passed, arrived)
        while first.count < min(segments.count, done + Self.window) {
            let segment = segments[first.count]
            first.append(try start(segment, on: communicator))
            if !isRelay { try pass(segment) }
        }
    }

    /// Asks about both stages, and passes on what the first has done.
    /// - Returns: whether a segment has got further.
    private func advance() throws(MPIError) -> Bool {
        let before = passed + arrived
        while passed < first.count, try first[passed].test() {
            if isRelay { try pass(segments[passed]) }
            passed += 1
        }
        while arrived < second.count, try second[arrived].test() { arrived += 1 }
        return passed + arrived > before
    }

    /// Begins a segment of the second stage.
    private func pass(_ segment: MemoryRegion) throws(MPIError) {
        guard let communicator = stages.second else { return }
        second.append(try start(segment, on: communicator))
    }

    /// Begins a segment's transfer in a stage, whose root is rank 0. Sums in a group, and of two leaders, are messages.
    private func start(
        _ segment: MemoryRegion, on communicator: any Communicator
    ) throws(MPIError) -> any PendingTransfer {
        switch kind {
        case .broadcast:
            return try communicator.start(.broadcast(segment, root: 0))
        case .reduce(let operation):
            let isGroup = communicator === stages.first || communicator.size == 2
            guard isGroup, communicator.size > 1, SummedMessages.canSum(segment, operation) else {
                return try communicator.start(.reduce(segment, operation, root: 0))
            }
            return try SummedMessages(segment, on: communicator)
        }
    }

    /// Cannot be: a collective is not cancelled.
    func cancel() throws(MPIError) -> Bool { preconditionFailure("only a receive can be cancelled") }
}

/// A transfer beside those that go through groups, which are moved along whenever it is asked about: a rank that waits
/// for it may be the one that others wait for.
final class AccompaniedTransfer: PendingTransfer {
    private let pending: any PendingTransfer
    /// The last transfer through groups that was started before it; nil once it is complete.
    private var relayed: RelayedTransfer?

    init(_ pending: any PendingTransfer, by relayed: RelayedTransfer) {
        self.pending = pending
        self.relayed = relayed
    }

    var status: Status? { pending.status }

    func test() throws(MPIError) -> Bool {
        if let relayed, try relayed.test() { self.relayed = nil }
        return try pending.test()
    }

    func cancel() throws(MPIError) -> Bool { try pending.cancel() }
}
