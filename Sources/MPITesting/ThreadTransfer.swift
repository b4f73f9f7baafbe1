import MPI

/// A transfer between rank threads. Its state belongs to the fabric's lock: another rank's thread completes it.
final class ThreadTransfer: PendingTransfer {
    /// The progress of a transfer.
    enum State {
        /// Waits for another rank.
        case pending
        /// Done, with the status of a receive.
        case complete(Status?)
        /// Ended by an error, which each test and wait throws.
        case failed(MPIError)
    }

    /// The basis of a new communicator: each member's numbers, and numbers for new communicators.
    struct Agreement {
        /// What each member gave, by its rank.
        let values: [Int: [Int]]
        /// The first of as many unused context numbers as there are members.
        let firstContext: Int
    }

    /// The C function that the transfer stands for, for errors.
    let function: String
    /// What connects the ranks; its lock guards the state.
    private let fabric: Fabric
    /// The rank in the job, for the message of a job that hangs.
    private let worldRank: Int
    /// Takes a receive out of its mailbox; nil for other transfers, which cannot be cancelled.
    private let withdraw: ((ThreadTransfer) -> Void)?
    /// The progress so far; read and written under the fabric's lock.
    var state = State.pending
    /// The result of a meeting that makes a communicator; otherwise nil.
    var agreement: Agreement?

    /// Makes a transfer that waits.
    ///
    /// - Parameters:
    ///   - function: the C function that it stands for.
    ///   - fabric: what connects the ranks, whose lock guards the state.
    ///   - worldRank: the owner's rank in the job.
    ///   - withdraw: takes a receive out of its mailbox; nil for other transfers.
    init(
        _ function: String, _ fabric: Fabric, worldRank: Int, withdraw: ((ThreadTransfer) -> Void)? = nil
    ) {
        self.function = function
        self.fabric = fabric
        self.worldRank = worldRank
        self.withdraw = withdraw
    }

    /// The source, tag and length of a completed receive. Read by the owner once a test or a wait has succeeded.
    var status: Status? {
        guard case .complete(let status) = state else { return nil }
        return status
    }

    /// Whether it is complete. Throws its own error, or the job's if it waits for a rank that has failed.
    func test() throws(MPIError) -> Bool {
        try fabric.update { () throws(MPIError) in
            if try result() != nil { return true }
            try fabric.checkIsAlive(function)
            fabric.notePoll(of: worldRank, in: function)
            return false
        }
    }

    /// Sleeps until it is complete.
    func wait() throws(MPIError) -> Status? {
        try fabric.wait(worldRank: worldRank, in: function) { () throws(MPIError) in try result() }
    }

    /// Takes the receive out of its mailbox, unless it has its message. Needs no other rank.
    ///
    /// - Returns: whether it was withdrawn. A transfer that was is never complete.
    /// - Precondition: the transfer is a receive.
    func cancel() throws(MPIError) -> Bool {
        guard let withdraw else { preconditionFailure("only a receive can be cancelled") }
        return try fabric.update { () throws(MPIError) in
            if try result() != nil { return false }
            withdraw(self)
            return true
        }
    }

    /// The status of a complete transfer (nil for one without), nothing while it waits.
    private func result() throws(MPIError) -> Status?? {
        switch state {
        case .pending: nil
        case .complete(let status): .some(status)
        case .failed(let error): throw error
        }
    }
}
