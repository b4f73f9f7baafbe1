package import MPI

/// A communicator that counts what the program does with it, and with the duplicates made from it.
package final class MeteredCommunicator: Communicator {
    private let base: any Communicator
    private let ledger: MessageLedger

    /// - Precondition: `base` has the ranks that the ledger counts.
    package init(_ base: any Communicator, _ ledger: MessageLedger) {
        self.base = base
        self.ledger = ledger
    }

    package var rank: Int { base.rank }
    package var size: Int { base.size }

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

    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        let function = MPIFunction(transfer, isBlocking: false)
        let start = MonotonicClock.now
        let peer = ledger.begin(transfer, function)
        let pending = try base.start(transfer)
        return MeteredTransfer(pending, function, peer: peer, start: start, ledger)
    }

    package func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        try base.probe(from: source, tag: tag)
    }
    package func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        try base.iprobe(from: source, tag: tag)
    }

    package func duplicate() throws(MPIError) -> any Communicator { MeteredCommunicator(try base.duplicate(), ledger) }

    /// Ranks have other numbers there: it is not counted.
    package func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key)
    }

    /// Ranks have other numbers there: it is not counted.
    package func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag)
    }

    package func free() throws(MPIError) { try base.free() }
}

private final class MeteredTransfer: PendingTransfer {
    private let pending: any PendingTransfer
    private let function: MPIFunction
    private let peer: Int
    private let start: Int
    private let ledger: MessageLedger
    private var isCounted = false

    init(_ pending: any PendingTransfer, _ function: MPIFunction, peer: Int, start: Int, _ ledger: MessageLedger) {
        self.pending = pending
        self.function = function
        self.peer = peer
        self.start = start
        self.ledger = ledger
    }

    var status: Status? { pending.status }

    func test() throws(MPIError) -> Bool {
        guard try pending.test() else { return false }
        count()
        return true
    }

    func cancel() throws(MPIError) -> Bool {
        if try pending.cancel() { return true }
        count()
        return false
    }

    private func count() {
        guard !isCounted else { return }
        isCounted = true
        if let status { ledger.receive(function, status) }
        ledger.end(function, status?.source ?? peer, nanoseconds: MonotonicClock.now - start)
    }
}
