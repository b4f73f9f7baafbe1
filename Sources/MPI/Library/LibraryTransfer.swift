internal import CMPI

/// One or several requests of the MPI library that together are a transfer.
///
/// They are tested in order, and a request that is complete is not tested again. A receive is always one
/// request, whose status is kept.
final class LibraryTransfer: PendingTransfer {
    /// The source, tag and length of a completed receive; nil for other transfers.
    private(set) var status: Status?

    /// The communicator, which may not be freed under a transfer.
    private let communicator: LibraryCommunicator
    private var isReceive: Bool
    private var requests: [RequestHandle] = []
    /// How many of the requests, from the first, are known to be complete.
    private var completed = 0
    /// The memory of a gather that the library reads or writes until the transfer is complete.
    private var plan: GatherPlan?

    init(_ communicator: LibraryCommunicator, isReceive: Bool = false) {
        self.communicator = communicator
        self.isReceive = isReceive
    }

    /// Makes a transfer that is complete ready for another on the same communicator, in the memory it has.
    func clear(isReceive: Bool) {
        precondition(completed == requests.count, "a transfer under way cannot be used for another")
        requests.removeAll(keepingCapacity: true)
        completed = 0
        status = nil
        self.isReceive = isReceive
    }

    /// Whether the transfer was begun on a communicator, and may be reused there.
    func belongs(to communicator: LibraryCommunicator) -> Bool { self.communicator === communicator }

    /// Adds the request that one call makes; nothing if the call fails.
    func add(_ function: StaticString, _ call: (inout RequestHandle) -> Int32) throws(MPIError) {
        var request = RequestHandle(value: Constant.requestNull)
        try check(function) { call(&request) }
        requests.append(request)
    }

    /// Keeps a gather's plan until the transfer is complete, when staged parts are put in their places.
    func keep(_ plan: consuming GatherPlan) { self.plan = consume plan }

    func test() throws(MPIError) -> Bool {
        while completed < requests.count {
            var flag: Int32 = 0
            var status = MPI_Status()
            try check("MPI_Test") { MPI_Test(&requests[completed].value, &flag, &status) }
            if flag == 0 { return false }
            completed += 1
            if isReceive { self.status = try Status(status) }
        }
        plan?.finish()
        plan = nil
        return true
    }

    func cancel() throws(MPIError) -> Bool {
        precondition(isReceive && requests.count == 1, "only a receive can be cancelled")
        if try test() { return false }
        var flag: Int32 = 0
        var status = MPI_Status()
        try check("MPI_Cancel") { MPI_Cancel(&requests[0].value) }
        try check("MPI_Wait") { MPI_Wait(&requests[0].value, &status) }
        completed = 1
        try check("MPI_Test_cancelled") { MPI_Test_cancelled(&status, &flag) }
        if flag == 0 { self.status = try Status(status) }
        return flag != 0
    }
}
