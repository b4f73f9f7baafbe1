public import Devices
public import MPI

/// A communicator behind a slow link, in real time: what this rank sends in bulk starts later, and what it receives in
/// bulk is there later, by as long as the link takes. Nobody sleeps: a transfer under way is late to complete, and the
/// rank answers meanwhile.
///
/// Up and down the link carries one message after another: one that finds it busy waits for its turn, while the latency
/// of many runs at the same time. A receive is on the link from when the rank finds, asking about any, that its message has
/// come.
///
/// Put it around a client rank's communicator. Unless told otherwise, a message of a few hundred bytes is not delayed: it
/// is the control channel's, and no client's.
public final class SlowLink: Communicator {
    private let base: any Communicator
    private let link: Link
    private let smallestBytes: Int
    private let up: Lane
    private let down: Lane

    /// - Parameter smallestBytes: shorter messages are not delayed, and leave the link free.
    public convenience init(_ base: any Communicator, link: Link, smallestBytes: Int = 512) {
        self.init(base, link: link, smallestBytes: smallestBytes, up: Lane(link), down: Lane(link))
    }

    /// Another communicator over the same link.
    private init(_ base: any Communicator, link: Link, smallestBytes: Int, up: Lane, down: Lane) {
        self.base = base
        self.link = link
        self.smallestBytes = smallestBytes
        self.up = up
        self.down = down
    }

    public var rank: Int { base.rank }
    public var size: Int { base.size }

    public func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        let (bytes, isUp) = volume(of: transfer)
        let isDelayed = bytes >= smallestBytes && (isUp || bytes > 0)
        if isUp, isDelayed {
            let delayed = Delayed(.waiting(transfer, on: base), until: up.carry(bytes), on: up)
            up.waiting.append(delayed)
            return delayed
        }
        // What waits is not overtaken by what does not: a library tells messages, and collectives, apart by their order.
        if !transfer.isReceive, let place = up.waiting.lastIndex(where: { $0.isWaiting(on: base) }) {
            let state = Delayed.State.waiting(transfer, on: base)
            let delayed =
                isDelayed
                ? Delayed(state, bytes: bytes, smallest: smallestBytes, on: down, behind: up)
                : Delayed(state, until: .now, on: up)
            up.waiting.insert(delayed, at: place + 1)
            return delayed
        }
        guard isDelayed else { return try base.start(transfer) }
        let delayed = Delayed(
            .started(try base.start(transfer)), bytes: bytes, smallest: smallestBytes, on: down, behind: up)
        down.arriving.append(delayed)
        return delayed
    }

    public func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        let pending = try start(transfer)
        _ = try Backoff.default.wait { () throws(MPIError) in try pending.test() }
        return pending.status
    }

    /// The bytes that cross the link, and whether they go up. Of a receive, as many as there is room for.
    private func volume(of transfer: Transfer) -> (bytes: Int, isUp: Bool) {
        switch transfer {
        case .broadcast(let region, let root): (region.byteCount, root == rank)
        case .gather(let region, _, let root), .gatherv(let region, _, _, let root):
            (root == rank ? 0 : region.byteCount, root != rank)
        case .reduce(let region, _, let root): (root == rank ? 0 : region.byteCount, root != rank)
        case .send(let region, _, _): (region.byteCount, true)
        case .receive(let region, _, _): (region.byteCount, false)
        case .barrier, .scatter, .allReduce: (0, false)
        }
    }

    public func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }

    public func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }

    public func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key).map { onSameLink($0) }
    }

    public func duplicate() throws(MPIError) -> any Communicator {
        onSameLink(try base.duplicate())
    }

    public func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag).map { onSameLink($0) }
    }

    private func onSameLink(_ other: any Communicator) -> SlowLink {
        SlowLink(other, link: link, smallestBytes: smallestBytes, up: up, down: down)
    }

    public func free() throws(MPIError) { try base.free() }
}

extension Transfer {
    /// Whether it receives one message, which is not in anybody's way.
    fileprivate var isReceive: Bool {
        if case .receive = self { return true }
        return false
    }
}

/// One direction of a link.
private final class Lane {
    private let link: Link
    private var free = ContinuousClock.now
    /// What has not been handed to the library yet, in the order in which it was started here: MPI's messages do not
    /// overtake each other, in whichever order they are asked about.
    var waiting: [Delayed] = []
    /// What may come, in the order in which it was started.
    var arriving: [Delayed] = []

    init(_ link: Link) { self.link = link }

    /// Puts a message on the link.
    /// - Returns: when it is at the other end.
    func carry(_ bytes: Int) -> ContinuousClock.Instant {
        let whole = link.seconds(bytes: bytes)
        let latency = link.latencyMilliseconds / 1000
        free = max(free, .now) + .seconds(whole - latency)
        return free + .seconds(latency)
    }

    /// Hands what is due to the library.
    func begin() throws(MPIError) {
        let now = ContinuousClock.now
        while let first = waiting.first, try first.begin(at: now) { waiting.removeFirst() }
    }

    /// Puts on the link what has come: all of it, because a rank may ask about one message at a time, and their latencies
    /// run at the same time.
    func look() throws(MPIError) {
        var index = 0
        while index < arriving.count {
            if try arriving[index].arrive() { arriving.remove(at: index) } else { index += 1 }
        }
    }
}

/// A transfer that begins late (up), or ends late (down).
private final class Delayed: PendingTransfer {
    enum State {
        /// Not handed to the library yet.
        case waiting(Transfer, on: any Communicator)
        case started(any PendingTransfer)
        /// The library has done its part.
        case arrived(any PendingTransfer)
    }

    private var state: State
    private let lane: Lane
    /// Where it waits to be handed to the library.
    private let queue: Lane
    private var due: ContinuousClock.Instant?
    private let bytes: Int
    private let smallest: Int

    /// Begins at a moment.
    init(_ state: State, until due: ContinuousClock.Instant, on lane: Lane) {
        self.state = state
        self.due = due
        self.lane = lane
        queue = lane
        (bytes, smallest) = (0, 0)
    }

    /// Ends when a message of so many bytes, or of as many as were received, has come down the lane.
    init(_ state: State, bytes: Int, smallest: Int, on lane: Lane, behind queue: Lane) {
        self.state = state
        self.lane = lane
        self.queue = queue
        self.bytes = bytes
        self.smallest = smallest
    }

    var status: Status? {
        switch state {
        case .waiting: nil
        case .started(let pending), .arrived(let pending): pending.status
        }
    }

    func test() throws(MPIError) -> Bool {
        if case .waiting = state {
            try queue.begin()
            if case .waiting = state { return false }
        }
        if case .started = state {
            try lane.look()
            guard try arrive() else { return false }
        }
        return due.map { ContinuousClock.now >= $0 } ?? true
    }

    /// - Returns: whether the library has done its part.
    fileprivate func arrive() throws(MPIError) -> Bool {
        guard case .started(let pending) = state else { return true }
        guard try pending.test() else { return false }
        state = .arrived(pending)
        let arrived = pending.status?.byteCount ?? bytes
        if due == nil, arrived >= smallest { due = lane.carry(arrived) }
        return true
    }

    /// Whether it has yet to be handed to the library by this communicator.
    fileprivate func isWaiting(on other: any Communicator) -> Bool {
        if case .waiting(_, let base) = state { return base === other }
        return false
    }

    /// - Returns: whether it was time.
    fileprivate func begin(at now: ContinuousClock.Instant) throws(MPIError) -> Bool {
        guard case .waiting(let transfer, let base) = state else { return true }
        if let due, now < due { return false }
        state = .started(try base.start(transfer))
        return true
    }

    func cancel() throws(MPIError) -> Bool {
        switch state {
        case .waiting:
            queue.waiting.removeAll { $0 === self }
            return true
        case .started(let pending):
            lane.arriving.removeAll { $0 === self }
            return try pending.cancel()
        case .arrived: return false
        }
    }
}
