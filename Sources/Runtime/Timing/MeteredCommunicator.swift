package import MPI

/// A decorator that counts what the program does with a communicator, and with the duplicates made from it, in a
/// ``MessageLedger``. A call costs two readings of the clock and some additions.
package final class MeteredCommunicator: Communicator {
    /// The communicator that does the work.
    private let base: any Communicator
    /// Where it is counted.
    private let ledger: MessageLedger

    /// Puts a counter around a communicator.
    /// - Precondition: `base` has the ranks that the ledger counts.
    package init(_ base: any Communicator, _ ledger: MessageLedger) {
        self.base = base
        self.ledger = ledger
    }

    /// This rank, as the communicator below has it; so is `size`.
    package var rank: Int { base.rank }
    package var size: Int { base.size }

    /// Does a transfer, and counts it with the time until it is done.
    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        let function = MPIFunction(transfer, isBlocking: true)
        let start = MonotonicClock.now
        var peer = ledger.begin(transfer, function)
        let status = try base.perform(transfer)
        if let status {
            ledger.receive(function, status)
            peer = status.source
        }
        ledger.end(function, peer, nanoseconds: MonotonicClock.now - start)
        return status
    }

    /// Starts a transfer, and counts it; its time runs until it is found complete, which may be later than it was, when
    /// the rank computes meanwhile.
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        let function = MPIFunction(transfer, isBlocking: false)
        let start = MonotonicClock.now
        let peer = ledger.begin(transfer, function)
        let pending = try base.start(transfer)
        return MeteredTransfer(pending, function, peer: peer, start: start, ledger)
    }

    /// Probes are not counted: they move no data.
    package func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }
    package func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }

    /// A duplicate whose messages are counted in the same ledger.
    package func duplicate() throws(MPIError) -> any Communicator { MeteredCommunicator(try base.duplicate(), ledger) }

    /// A part of the communicator, which is not counted: ranks have other numbers there.
    package func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key)
    }

    /// A group, which is not counted, either.
    package func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag)
    }

    /// Frees the communicator below; the counts stay.
    package func free() throws(MPIError) { try base.free() }
}

/// A transfer under way that is counted once, when it is found complete.
private final class MeteredTransfer: PendingTransfer {
    private let pending: any PendingTransfer
    /// The function that started it.
    private let function: MPIFunction
    /// The peer that the call's time belongs to, unless a message's source says otherwise.
    private let peer: Int
    /// When it was started, on the monotonic clock.
    private let start: Int
    private let ledger: MessageLedger
    /// Whether it has been counted: a caller may test again after the end.
    private var isCounted = false

    init(_ pending: any PendingTransfer, _ function: MPIFunction, peer: Int, start: Int, _ ledger: MessageLedger) {
        self.pending = pending
        self.function = function
        self.peer = peer
        self.start = start
        self.ledger = ledger
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
        if let status { ledger.receive(function, status) }
        ledger.end(function, status?.source ?? peer, nanoseconds: MonotonicClock.now - start)
    }
}
