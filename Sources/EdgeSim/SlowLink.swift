import MPI

/// A communicator behind a slow link, in real time: what this rank sends in bulk starts later, and what it receives in
/// bulk is there later, by as long as the link takes. Nobody sleeps: a transfer under way is late to complete, and the
/// rank answers meanwhile.
///
/// Put it around a client rank's communicator. A message of a few hundred bytes is not delayed: it is the control
/// channel's, and no client's.
public final class SlowLink: Communicator {
    private let base: any Communicator
    private let link: Link
    private static let smallestBytes = 512

    public init(_ base: any Communicator, link: Link) {
        self.base = base
        self.link = link
    }

    public var rank: Int { base.rank }
    public var size: Int { base.size }

    public func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        switch direction(of: transfer) {
        case .none: try base.start(transfer)
        case .down(let bytes): Delayed(.started(try base.start(transfer)), by: link.seconds(bytes: bytes))
        case .up(let bytes): Delayed(.waiting(transfer, on: base), by: link.seconds(bytes: bytes))
        }
    }

    public func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        let pending = try start(transfer)
        _ = try Backoff.default.wait { () throws(MPIError) in try pending.test() }
        return pending.status
    }

    private enum Direction {
        case none
        case down(Int)
        case up(Int)
    }

    private func direction(of transfer: Transfer) -> Direction {
        let (bytes, isUp) =
            switch transfer {
            case .broadcast(let region, let root): (region.byteCount, root == rank)
            case .gather(let region, _, let root), .gatherv(let region, _, _, let root):
                (root == rank ? 0 : region.byteCount, true)
            case .reduce(let region, _, let root): (root == rank ? 0 : region.byteCount, true)
            case .send(let region, _, _): (region.byteCount, true)
            case .receive(let region, _, _): (region.byteCount, false)
            case .barrier, .scatter, .allReduce: (0, false)
            }
        if bytes < Self.smallestBytes { return .none }
        return isUp ? .up(bytes) : .down(bytes)
    }

    public func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }

    public func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }

    public func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key).map { SlowLink($0, link: link) }
    }

    public func duplicate() throws(MPIError) -> any Communicator {
        SlowLink(try base.duplicate(), link: link)
    }

    public func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag).map { SlowLink($0, link: link) }
    }

    public func free() throws(MPIError) { try base.free() }
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
    private let delay: Duration
    private var due: ContinuousClock.Instant?
    private let isUp: Bool

    init(_ state: State, by seconds: Double) {
        self.state = state
        delay = .seconds(seconds)
        if case .waiting = state {
            isUp = true
            due = .now + delay
        } else {
            isUp = false
        }
    }

    var status: Status? {
        switch state {
        case .waiting: nil
        case .started(let pending), .arrived(let pending): pending.status
        }
    }

    func test() throws(MPIError) -> Bool {
        if case .waiting(let transfer, let base) = state {
            if let due, ContinuousClock.now < due { return false }
            state = .started(try base.start(transfer))
        }
        if case .started(let pending) = state {
            guard try pending.test() else { return false }
            state = .arrived(pending)
            if !isUp { due = .now + delay }
        }
        return isUp || due.map { ContinuousClock.now >= $0 } ?? true
    }

    func cancel() throws(MPIError) -> Bool {
        switch state {
        case .waiting: true
        case .started(let pending): try pending.cancel()
        case .arrived: false
        }
    }
}
