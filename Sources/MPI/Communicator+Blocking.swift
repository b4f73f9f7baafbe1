/// Blocking operations on spans. They spin while they wait, as MPI does; see the `start…` forms for waiting
/// that sleeps.
///
/// Lengths may pass 2³¹ - 1, the largest count of the C interface: an implementation cuts such transfers up, at the
/// same places on every rank. The memory is the caller's throughout; on return it may be read and written again.
///
/// - Throws: ``MPIError`` of the library. A length or a count that does not fit at the root is a bug of the
///   caller and a precondition.
extension Communicator {
    /// Returns when every rank has called it; collective (`MPI_Barrier`, MPI 3.1 §5.3).
    public func barrier() throws(MPIError) {
        try perform(.barrier)
    }

    /// Sends the root's elements to every rank; collective (`MPI_Bcast`, MPI 3.1 §5.4).
    ///
    /// Counts are equal on all ranks. The root may return before the others have received.
    ///
    /// - Complexity: one library call per GiB.
    public func broadcast<T: MPIScalar>(_ data: inout MutableSpan<T>, root: Int) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.broadcast(data, root: root)) }
    }

    /// Collects equal parts at the root in rank order; collective (`MPI_Gather`, MPI 3.1 §5.5).
    ///
    /// - Parameters:
    ///   - send: this rank's part, as long as everybody's.
    ///   - receive: at the root, `size` times as long as `send`; elsewhere ignored.
    ///   - root: the rank that collects.
    public func gather<T: MPIScalar>(
        _ send: Span<T>, into receive: inout MutableSpan<T>, root: Int
    ) throws(MPIError) {
        precondition(rank != root || receive.count == send.count * size, "gather: the root's length")
        try send.withRegion { (send) throws(MPIError) in
            try receive.withRegion { (receive) throws(MPIError) in
                try perform(.gather(send, into: receive, root: root))
            }
        }
    }

    /// Collects parts of different lengths at the root, one behind another in rank order; collective
    /// (`MPI_Gatherv`, §5.5).
    ///
    /// A rank need not know the others' lengths; the root must know all of them beforehand.
    ///
    /// - Parameters:
    ///   - send: this rank's part; may be empty.
    ///   - receive: at the root, at least as long as all parts together; elsewhere ignored.
    ///   - counts: at the root, the number of elements of each rank; elsewhere ignored.
    ///   - root: the rank that collects.
    public func gatherv<T: MPIScalar>(
        _ send: Span<T>, into receive: inout MutableSpan<T>, counts: [Int], root: Int
    ) throws(MPIError) {
        checkCounts(counts, send: send.count, receive: receive.count, root: root)
        try send.withRegion { (send) throws(MPIError) in
            try receive.withRegion { (receive) throws(MPIError) in
                try perform(.gatherv(send, into: receive, counts: counts, root: root))
            }
        }
    }

    /// Hands the root's elements out in equal parts in rank order; collective (`MPI_Scatter`, MPI 3.1 §5.6).
    ///
    /// - Parameters:
    ///   - send: at the root, `size` times as long as `receive`; elsewhere ignored.
    ///   - receive: this rank's part, as long as everybody's.
    ///   - root: the rank that hands out.
    public func scatter<T: MPIScalar>(
        _ send: Span<T>, into receive: inout MutableSpan<T>, root: Int
    ) throws(MPIError) {
        precondition(rank != root || send.count == receive.count * size, "scatter: the root's length")
        try send.withRegion { (send) throws(MPIError) in
            try receive.withRegion { (receive) throws(MPIError) in
                try perform(.scatter(send, into: receive, root: root))
            }
        }
    }

    /// Combines all ranks' elements one by one into the root's; collective (`MPI_Reduce`, MPI 3.1 §5.9.1).
    ///
    /// In place: the root's elements are its operand and become the result; the other ranks' stay as they are.
    /// At a root other than 0 the library implementation copies the operand, at most one GiB at a time.
    public func reduce<T: MPIScalar>(
        _ data: inout MutableSpan<T>, _ operation: ReduceOperation, root: Int
    ) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.reduce(data, operation, root: root)) }
    }

    /// Combines all ranks' elements one by one into every rank's, in place; collective (`MPI_Allreduce`, MPI
    /// 3.1 §5.9.6).
    public func allReduce<T: MPIScalar>(_ data: inout MutableSpan<T>, _ operation: ReduceOperation) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.allReduce(data, operation)) }
    }

    /// Combines one number of each rank and returns the result on every rank; collective.
    ///
    /// - Complexity: one collective and the allocation of one element.
    public func allReduce<T: MPIScalar>(_ value: T, _ operation: ReduceOperation) throws(MPIError) -> T {
        var buffer = Buffer([value])
        try allReduce(&buffer, operation)
        return buffer[0]
    }

    /// Sends a message (`MPI_Send`, MPI 3.1 §3.2.1).
    ///
    /// May wait for the receiver: short messages are usually buffered, long ones are not, so two ranks that both send
    /// first and receive then may wait for each other for ever (§3.5). On return the elements may be changed.
    ///
    /// - Parameters:
    ///   - data: the message; may be empty.
    ///   - destination: the receiver's rank; this rank itself only when its receive is already under way.
    ///   - tag: from 0 to 32767; some libraries allow more.
    public func send<T: MPIScalar>(_ data: Span<T>, to destination: Int, tag: Int) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.send(data, to: destination, tag: tag)) }
    }

    /// Waits for a message (`MPI_Recv`, MPI 3.1 §3.2.4). Messages with one sender, tag and communicator arrive
    /// in the order they were sent.
    ///
    /// - Parameters:
    ///   - data: at least as long as the message; a longer message is an error. Elements behind the message
    ///     stay as they are.
    ///   - source: the sender's rank; nil takes a message of any rank.
    ///   - tag: nil takes a message with any tag.
    /// - Returns: source, tag and length of the message.
    @discardableResult
    public func receive<T: MPIScalar>(
        into data: inout MutableSpan<T>, from source: Int? = nil, tag: Int? = nil
    ) throws(MPIError) -> Status {
        let status = try data.withRegion { (data) throws(MPIError) in
            try perform(.receive(data, from: source, tag: tag))
        }
        guard let status else { preconditionFailure("a receive without status") }
        return status
    }
}

extension Communicator {
    /// Checks what the root of a gatherv says against its own buffers; the other ranks have nothing to check.
    func checkCounts(_ counts: [Int], send: Int, receive: Int, root: Int) {
        guard rank == root else { return }
        precondition(counts.count == size, "gatherv: one count per rank")
        precondition(counts.allSatisfy { $0 >= 0 }, "gatherv: a negative count")
        precondition(counts[rank] == send, "gatherv: the root's own count")
        precondition(counts.reduce(0, +) <= receive, "gatherv: the parts do not fit")
    }
}

extension Span where Element: MPIScalar {
    /// Passes the elements on as an operand that is only read; the region is valid until `body` returns.
    @discardableResult
    fileprivate func withRegion<R>(_ body: (MemoryRegion) throws(MPIError) -> R) throws(MPIError) -> R {
        try withUnsafeBufferPointer { (elements) throws(MPIError) in
            let base = UnsafeMutableRawPointer(mutating: elements.baseAddress)
            return try body(MemoryRegion(base: base, count: elements.count, datatype: Element.datatype))
        }
    }
}

extension MutableSpan where Element: MPIScalar {
    /// Passes the elements on as an operand that may be written; the region is valid until `body` returns.
    @discardableResult
    fileprivate mutating func withRegion<R>(_ body: (MemoryRegion) throws(MPIError) -> R) throws(MPIError) -> R {
        try withUnsafeMutableBufferPointer { (elements) throws(MPIError) in
            let base = UnsafeMutableRawPointer(elements.baseAddress)
            return try body(MemoryRegion(base: base, count: elements.count, datatype: Element.datatype))
        }
    }
}
