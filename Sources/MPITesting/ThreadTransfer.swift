import MPI

/// A transfer between rank threads. Its state belongs to the fabric's lock.
final class ThreadTransfer: PendingTransfer {
    enum State {
        case pending
        case complete(Status?)
        case failed(MPIError)
    }

    /// What a communicator is made from: each member's numbers, and numbers for new communicators.
    struct Agreement {
        let values: [Int: [Int]]
        let firstContext: Int
    }

    let function: String
    private let fabric: Fabric
    private let worldRank: Int
    /// Takes a receive out of its mailbox; nil for other transfers.
    private let withdraw: ((ThreadTransfer) -> Void)?
    var state = State.pending
    var agreement: Agreement?

    init(
        _ function: String, _ fabric: Fabric, worldRank: Int, withdraw: ((ThreadTransfer) -> Void)? = nil
    ) {
        self.function = function
        self.fabric = fabric
        self.worldRank = worldRank
        self.withdraw = withdraw
    }

    var status: Status? {
        guard case .complete(let status) = state else { return nil }
        return status
    }

    func test() throws(MPIError) -> Bool {
        try fabric.update { () throws(MPIError) in
            if try result() != nil { return true }
            try fabric.checkIsAlive(function)
            return false
        }
    }

    func wait() throws(MPIError) -> Status? {
        try fabric.wait(worldRank: worldRank, in: function) { () throws(MPIError) in try result() }
    }

    func cancel() throws(MPIError) -> Bool {
        guard let withdraw else { preconditionFailure("only a receive can be cancelled") }
        return try fabric.update { () throws(MPIError) in
            if try result() != nil { return false }
            withdraw(self)
            return true
        }
    }

    private func result() throws(MPIError) -> Status?? {
        switch state {
        case .pending: nil
        case .complete(let status): .some(status)
        case .failed(let error): throw error
        }
    }
}
