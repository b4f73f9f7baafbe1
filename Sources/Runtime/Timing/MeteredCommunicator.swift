package import MPI

/// A decorator that counts what the program does with a communicator, and with the duplicates and parts made from it, in
/// a ``MessageLedger``. A call costs two readings of the clock and some additions.
package final class MeteredCommunicator: ForwardingCommunicator {
    /// The communicator that does the work.
    package let base: any Communicator
    /// Where it is counted.
    private let ledger: MessageLedger
    /// The number that the ledger has for each rank.
    private let ranks: [Int]

    /// Puts a counter around a communicator.
    /// - Precondition: `base` has the ranks that the ledger counts.
    package convenience init(_ base: any Communicator, _ ledger: MessageLedger) {
        self.init(base, ledger, ranks: Array(0..<base.size))
    }

    private init(_ base: any Communicator, _ ledger: MessageLedger, ranks: [Int]) {
        self.base = base
        self.ledger = ledger
        self.ranks = ranks
    }

    /// This rank, as the communicator below has it; so is `size`.
    /// Does a transfer, and counts it with the time until it is done.
    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        let function = MPIFunction(transfer, isBlocking: true)
        let start = MonotonicClock.now
        var peer = ledger.begin(transfer, function, among: ranks, rank: rank)
        let status = try base.perform(transfer)
        if let status {
            peer = ranks[status.source]
            ledger.receive(function, from: peer, byteCount: status.byteCount)
        }
        ledger.end(function, peer, nanoseconds: MonotonicClock.now - start)
        return status
    }

    /// Starts a transfer, and counts it, what a root collects when it is complete.
    ///
    /// Its time runs until it is found complete, which may be later than it was, when the rank computes meanwhile.
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        let function = MPIFunction(transfer, isBlocking: false)
        let start = MonotonicClock.now
        let (ledger, ranks, own) = (ledger, ranks, rank)
        func begin() -> Int { ledger.begin(transfer, function, among: ranks, rank: own) }
        // What others send has come when it is complete, and never where one of them is lost.
        let peer = transfer.collects(at: own) ? nil : begin()
        let pending = try base.start(transfer)
        return MeteredTransfer(
            pending, function, peer: { peer ?? begin() }, start: start, ledger, ranks: ranks)
    }

    /// A duplicate whose messages are counted in the same ledger. Probes are not counted, which move no data, nor groups.
    package func duplicate() throws(MPIError) -> any Communicator {
        MeteredCommunicator(try base.duplicate(), ledger, ranks: ranks)
    }

    /// A part of the communicator, counted in the same ledger; its ranks tell each other who they are, which is not.
    package func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        guard let part = try base.split(color: color, key: key) else { return nil }
        return try counted(part)
    }

    /// The ranks of this host, counted likewise.
    package func splitByHost(key: Int) throws(MPIError) -> any Communicator {
        try counted(try base.splitByHost(key: key))
    }

    /// Puts a counter around some of the ranks. Collective over them.
    private func counted(_ part: any Communicator) throws(MPIError) -> MeteredCommunicator {
        var numbers = Buffer<Int64>(count: part.size)
        numbers[part.rank] = Int64(ranks[rank])
        numbers = try part.startAllReduce(numbers, .sum).wait()
        return MeteredCommunicator(part, ledger, ranks: (0..<part.size).map { Int(numbers[$0]) })
    }
}

/// A transfer under way that is counted once, when it is found complete.
private final class MeteredTransfer: PendingTransfer {
    private let pending: any PendingTransfer
    /// The function that started it.
    private let function: MPIFunction
    /// Gives the peer that the call's time belongs to, unless a message's source says otherwise. Called once, when it is
    /// complete.
    private let peer: () -> Int
    /// When it was started, on the monotonic clock.
    private let start: Int
    private let ledger: MessageLedger
    /// The ledger's number of each rank.
    private let ranks: [Int]
    /// Whether it has been counted: a caller may test again after the end.
    private var isCounted = false

    init(
        _ pending: any PendingTransfer, _ function: MPIFunction, peer: @escaping () -> Int, start: Int,
        _ ledger: MessageLedger, ranks: [Int]
    ) {
        self.pending = pending
        self.function = function
        self.peer = peer
        self.start = start
        self.ledger = ledger
        self.ranks = ranks
    }

    var status: Status? { pending.status }

    /// Tests the transfer, and counts it when it is complete.
    func test() throws(MPIError) -> Bool {
        guard try pending.test() else { return false }
        count()
        return true
    }

    /// Cancels it; one that had happened already is counted.
    func cancel() throws(MPIError) -> Bool {
        if try pending.cancel() { return true }
        count()
        return false
    }

    /// Counts what was received, and the time.
    private func count() {
        guard !isCounted else { return }
        isCounted = true
        let (source, peer) = (status.map { ranks[$0.source] }, peer())
        if let status, let source { ledger.receive(function, from: source, byteCount: status.byteCount) }
        ledger.end(function, source ?? peer, nanoseconds: MonotonicClock.now - start)
    }
}
