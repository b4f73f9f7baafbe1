public import Devices
public import MPI

/// A communicator behind a slow link, in real time (`--real-delays`): what this rank sends in bulk starts later, and
/// what it receives in bulk is there later, by as long as the link takes. Nobody sleeps: a transfer under way is late
/// to complete, and the rank answers meanwhile.
///
/// Up and down the link carries one message after another: one that finds it busy waits for its turn, while the
/// latencies of many run at the same time. A receive is on the link from when the rank finds, asking about any, that
/// its message has come.
///
/// Put it around a client rank's communicator. A message of a few hundred bytes is not delayed: it is the control
/// channel's, and no client's. Used from one thread, like every communicator.
public final class SlowLink: Communicator {
    /// The communicator that does the work.
    private let base: any Communicator
    private let link: Link
    /// Shorter messages are not delayed.
    private let smallestBytes: Int
    /// The two directions, shared with communicators that are made from this one.
    private let up: Lane
    private let down: Lane

    /// Puts a link in front of a communicator.
    /// - Parameters:
    ///   - base: the communicator of a client rank.
    ///   - link: bandwidth and latency, the same up and down.
    ///   - smallestBytes: shorter messages are not delayed, and leave the link free.
    public convenience init(_ base: any Communicator, link: Link, smallestBytes: Int = 512) {
        self.init(base, link: link, smallestBytes: smallestBytes, up: Lane(link), down: Lane(link))
    }

    /// Makes another communicator over the same link.
    private init(_ base: any Communicator, link: Link, smallestBytes: Int, up: Lane, down: Lane) {
        self.base = base
        self.link = link
        self.smallestBytes = smallestBytes
        self.up = up
        self.down = down
    }

    /// As the communicator below has it.
    public var rank: Int { base.rank }
    /// As the communicator below has it.
    public var size: Int { base.size }

    /// Starts a transfer, or notes it, to be started when the link has carried it. A transfer behind one that waits is
    /// noted, too: MPI tells messages, and collectives, apart by their order.
    public func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        let (bytes, isUp) = volume(of: transfer)
        let isDelayed = bytes >= smallestBytes && (isUp || bytes > 0)
        if isUp, isDelayed {
            let delayed = Delayed(.waiting(transfer, on: base), until: up.carry(bytes), on: up)
            up.waiting.append(delayed)
            return delayed
        }
        // A transfer that is not delayed does not overtake one that waits: a library tells messages, and collectives,
        // apart by their order.
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

    /// Does a transfer and waits for its end, delay included, by sleeping between tests.
    public func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        let pending = try start(transfer)
        _ = try Backoff.default.wait { () throws(MPIError) in try pending.test() }
        return pending.status
    }

    /// The bytes that cross the link, and whether they go up. For a receive, as many as there is room for.
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

    /// Waits for a message as the communicator below does: that one has come shows before the link has carried it, and
    /// only its receive is delayed.
    public func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }

    /// Looks for a message without waiting; likewise.
    public func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }

    /// Splits the communicator below; the parts share this rank's link.
    public func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key).map { onSameLink($0) }
    }

    /// Splits the communicator below by host; the parts share this rank's link, too, which is its device's.
    public func splitByHost(key: Int) throws(MPIError) -> any Communicator {
        onSameLink(try base.splitByHost(key: key))
    }

    /// Duplicates the communicator below, over the same link.
    public func duplicate() throws(MPIError) -> any Communicator {
        onSameLink(try base.duplicate())
    }

    /// Makes a communicator of some ranks, over the same link.
    public func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag).map { onSameLink($0) }
    }

    /// Puts another communicator behind this link.
    private func onSameLink(_ other: any Communicator) -> SlowLink {
        SlowLink(other, link: link, smallestBytes: smallestBytes, up: up, down: down)
    }

    /// Frees the communicator below; the link stays.
    public func free() throws(MPIError) { try base.free() }
}

extension Transfer {
    /// Whether it receives one message, which cannot overtake anything.
    fileprivate var isReceive: Bool {
        if case .receive = self { return true }
        return false
    }
}

/// One direction of a link: when it is free again, and the transfers that wait for it.
private final class Lane {
    private let link: Link
    /// When the last message put on the link has left this end.
    private var free = ContinuousClock.now
    /// Transfers that have not been handed to the library yet, in the order in which they were started: MPI's messages
    /// do not overtake each other, whichever is asked about first.
    var waiting: [Delayed] = []
    /// Transfers under way whose bytes come down, in the order in which they were started.
    var arriving: [Delayed] = []

    /// A direction of a link that is free.
    init(_ link: Link) { self.link = link }

    /// Puts a message on the link, behind those that are on it.
    /// - Returns: when it is at the other end.
    func carry(_ bytes: Int) -> ContinuousClock.Instant {
        let whole = link.seconds(bytes: bytes)
        let latency = link.latencyMilliseconds / 1000
        free = max(free, .now) + .seconds(whole - latency)
        return free + .seconds(latency)
    }

    /// Hands the transfers that are due to the library, as far as the first that is not.
    func begin() throws(MPIError) {
        let now = ContinuousClock.now
        while let first = waiting.first, try first.begin(at: now) { waiting.removeFirst() }
    }

    /// Puts on the link what has come: everything, because a rank may ask about one message at a time, while their
    /// latencies run at the same time. O(transfers under way).
    func look() throws(MPIError) {
        var index = 0
        while index < arriving.count {
            if try arriving[index].arrive() { arriving.remove(at: index) } else { index += 1 }
        }
    }
}

/// A transfer that begins late (up), or ends late (down).
private final class Delayed: PendingTransfer {
    /// How far a transfer has come.
    enum State {
        /// Not handed to the library yet.
        case waiting(Transfer, on: any Communicator)
        /// Under way in the library.
        case started(any PendingTransfer)
        /// Done, as far as the library is concerned; the link may still have it.
        case arrived(any PendingTransfer)
    }

    private var state: State
    /// The direction that it crosses in.
    private let lane: Lane
    /// The direction in which it waits to be handed to the library.
    private let queue: Lane
    /// When it begins (up) or ends (down); nil as long as its bytes have not come.
    private var due: ContinuousClock.Instant?
    private let bytes: Int
    /// Messages of fewer bytes than this are not delayed.
    private let smallest: Int

    /// Makes one that begins at a moment.
    init(_ state: State, until due: ContinuousClock.Instant, on lane: Lane) {
        self.state = state
        self.due = due
        self.lane = lane
        queue = lane
        (bytes, smallest) = (0, 0)
    }

    /// Makes one that ends when a message of so many bytes, or of as many as were received, has come down the lane.
    init(_ state: State, bytes: Int, smallest: Int, on lane: Lane, behind queue: Lane) {
        self.state = state
        self.lane = lane
        self.queue = queue
        self.bytes = bytes
        self.smallest = smallest
    }

    /// Source, tag and length of what was received; nil before the library has it.
    var status: Status? {
        switch state {
        case .waiting: nil
        case .started(let pending), .arrived(let pending): pending.status
        }
    }

    /// Moves it along, and tells whether it has ended.
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

    /// Asks the library, and puts the bytes on the link when they have come.
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

    /// Hands it to the library if it is due.
    /// - Returns: whether it has been handed over, now or before.
    fileprivate func begin(at now: ContinuousClock.Instant) throws(MPIError) -> Bool {
        guard case .waiting(let transfer, let base) = state else { return true }
        if let due, now < due { return false }
        state = .started(try base.start(transfer))
        return true
    }

    /// Forgets it, or has the library cancel it.
    /// - Returns: whether it did not happen.
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
