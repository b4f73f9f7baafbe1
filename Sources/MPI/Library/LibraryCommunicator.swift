internal import CMPI

/// A communicator of the MPI library.
///
/// Beside its handle it holds a duplicate, on which parts of a gather or a scatter that are too long for the library's
/// call travel as messages: there they never match a program's own receives and probes.
package final class LibraryCommunicator: Communicator {
    package let rank: Int
    package let size: Int

    /// The most elements in one library call, and the largest displacement in elements. Tests make it small.
    package var maximumCount = Int(Int32.max)

    /// The library's communicator.
    let handle: MPI_Comm
    /// The duplicate for parts that travel as messages.
    let messages: MPI_Comm
    private let isOwned: Bool
    private var isFree = false

    /// Adopts a handle; collective, because it makes the duplicate.
    ///
    /// - Parameter isOwned: whether the handle is to be freed; MPI's own communicators are not.
    init(_ handle: MPI_Comm, isOwned: Bool) throws(MPIError) {
        self.handle = handle
        self.isOwned = isOwned
        try check("MPI_Comm_set_errhandler") { MPI_Comm_set_errhandler(handle, Constant.errorsReturn) }
        var rank: Int32 = 0
        var size: Int32 = 0
        try check("MPI_Comm_rank") { MPI_Comm_rank(handle, &rank) }
        try check("MPI_Comm_size") { MPI_Comm_size(handle, &size) }
        self.rank = Int(rank)
        self.size = Int(size)
        var messages = CommHandle(value: Constant.commNull)
        try check("MPI_Comm_dup") { MPI_Comm_dup(handle, &messages.value) }
        self.messages = messages.value
    }

    deinit {
        guard !isFree, MPIWorld.isRunning else { return }
        release { _, call in _ = call() }
    }

    /// The most elements in one call of a collective that is cut into several: a gigabyte's worth.
    ///
    /// Libraries compute byte counts in `int` in places, and their temporary copies grow with the call.
    func maximumPart(of datatype: Datatype) -> Int {
        min(maximumCount, (1 << 30) / datatype.byteCount)
    }

    package func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status {
        var status = MPI_Status()
        try check("MPI_Probe") { MPI_Probe(Self.source(source), Self.tag(tag), handle, &status) }
        return try Status(status)
    }

    package func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? {
        var status = MPI_Status()
        var flag: Int32 = 0
        try check("MPI_Iprobe") { MPI_Iprobe(Self.source(source), Self.tag(tag), handle, &flag, &status) }
        return flag == 0 ? nil : try Status(status)
    }

    package func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        precondition(color.map { $0 >= 0 } ?? true, "split: a negative color")
        var part = CommHandle(value: Constant.commNull)
        let color = color.map { Int32(clamping: $0) } ?? Constant.undefined
        try check("MPI_Comm_split") { MPI_Comm_split(handle, color, Int32(clamping: key), &part.value) }
        return try adopt(part)
    }

    package func splitByHost(key: Int) throws(MPIError) -> any Communicator {
        var part = CommHandle(value: Constant.commNull)
        try check("MPI_Comm_split_type") {
            MPI_Comm_split_type(
                handle, Constant.sharedMemory, Int32(clamping: key), Constant.infoNull, &part.value)
        }
        guard let host = try adopt(part) else {
            throw MPIError(function: "MPI_Comm_split_type", code: 0, message: "no communicator")
        }
        return host
    }

    package func duplicate() throws(MPIError) -> any Communicator {
        var copy = CommHandle(value: Constant.commNull)
        try check("MPI_Comm_dup") { MPI_Comm_dup(handle, &copy.value) }
        guard let copy = try adopt(copy) else {
            throw MPIError(function: "MPI_Comm_dup", code: 0, message: "no communicator")
        }
        return copy
    }

    package func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        guard ranks.contains(rank) else { return nil }
        var all = GroupHandle(value: Constant.groupNull)
        try check("MPI_Comm_group") { MPI_Comm_group(handle, &all.value) }
        defer { MPI_Group_free(&all.value) }
        var some = GroupHandle(value: Constant.groupNull)
        var members = ranks.map { Int32(clamping: $0) }
        try check("MPI_Group_incl") { MPI_Group_incl(all.value, Int32(members.count), &members, &some.value) }
        defer { MPI_Group_free(&some.value) }
        var group = CommHandle(value: Constant.commNull)
        try check("MPI_Comm_create_group") {
            MPI_Comm_create_group(handle, some.value, Int32(clamping: tag), &group.value)
        }
        return try adopt(group)
    }

    package func free() throws(MPIError) {
        guard !isFree else { return }
        isFree = true
        var failure: MPIError?
        release { function, call in
            do throws(MPIError) { try check(function, call) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// Frees the duplicate and, if it is owned, the handle; each call goes through `run`, which handles its error.
    private func release(_ run: (StaticString, () -> Int32) -> Void) {
        var messages = CommHandle(value: self.messages)
        run("MPI_Comm_free") { MPI_Comm_free(&messages.value) }
        if isOwned {
            var handle = CommHandle(value: self.handle)
            run("MPI_Comm_free") { MPI_Comm_free(&handle.value) }
        }
    }

    /// Makes a communicator of a new handle; nil for the null handle. Collective over the new communicator.
    private func adopt(_ part: CommHandle) throws(MPIError) -> LibraryCommunicator? {
        if part.value == Constant.commNull { return nil }
        let communicator = try LibraryCommunicator(part.value, isOwned: true)
        communicator.maximumCount = maximumCount
        return communicator
    }

    /// A source as a C argument; nil becomes the wildcard.
    static func source(_ source: Int?) -> Int32 { source.map(argument) ?? Constant.anySource }
    /// A tag as a C argument; nil becomes the wildcard.
    static func tag(_ tag: Int?) -> Int32 { tag.map(argument) ?? Constant.anyTag }

    /// A rank or a tag as a C argument. One that cannot exist becomes one that no library gives a special meaning, so
    /// that the library reports it.
    static func argument(_ value: Int) -> Int32 {
        value < 0 ? Int32.min : Int32(exactly: value) ?? Int32.min
    }
}
