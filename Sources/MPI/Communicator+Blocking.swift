/// Blocking operations on spans. They spin while they wait, as MPI does; see the `start…` forms for waiting that does not.
///
/// - Throws: `MPIError` of the library.
extension Communicator {
    /// Returns when every rank has called it; collective.
    public func barrier() throws(MPIError) {
        try perform(.barrier)
    }

    /// Sends the root's elements to every rank; collective. Counts are equal on all ranks.
    public func broadcast<T: MPIScalar>(_ data: inout MutableSpan<T>, root: Int) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.broadcast(data, root: root)) }
    }

    /// Collects equal parts at the root in rank order; collective.
    ///
    /// - Parameter receive: at the root, `size` times as long as `send`; elsewhere ignored.
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

    /// Collects parts of different lengths at the root, one behind another in rank order; collective.
    ///
    /// - Parameters:
    ///   - receive: at the root, at least as long as all parts; elsewhere ignored.
    ///   - counts: at the root, the number of elements of each rank; elsewhere ignored.
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

    /// Hands the root's elements out in equal parts in rank order; collective.
    ///
    /// - Parameter send: at the root, `size` times as long as `receive`; elsewhere ignored.
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

    /// Combines all ranks' elements one by one into the root's; collective. The other ranks' stay as they are.
    public func reduce<T: MPIScalar>(
        _ data: inout MutableSpan<T>, _ operation: ReduceOperation, root: Int
    ) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.reduce(data, operation, root: root)) }
    }

    /// Combines all ranks' elements one by one into every rank's; collective.
    public func allReduce<T: MPIScalar>(_ data: inout MutableSpan<T>, _ operation: ReduceOperation) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.allReduce(data, operation)) }
    }

    /// Combines one number of each rank; collective.
    public func allReduce<T: MPIScalar>(_ value: T, _ operation: ReduceOperation) throws(MPIError) -> T {
        var buffer = Buffer([value])
        try allReduce(&buffer, operation)
        return buffer[0]
    }

    /// Sends a message. May wait for the receiver.
    ///
    /// - Parameter tag: from 0 to 32767; some libraries allow more.
    public func send<T: MPIScalar>(_ data: Span<T>, to destination: Int, tag: Int) throws(MPIError) {
        try data.withRegion { (data) throws(MPIError) in try perform(.send(data, to: destination, tag: tag)) }
    }

    /// Waits for a message. Messages with one sender, tag and communicator arrive in the order they were sent.
    ///
    /// - Parameters:
    ///   - data: at least as long as the message; a longer message is an error.
    ///   - source: nil takes a message of any rank.
    ///   - tag: nil takes a message with any tag.
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
    /// Checks what the root of a gatherv says against its buffers.
    func checkCounts(_ counts: [Int], send: Int, receive: Int, root: Int) {
        guard rank == root else { return }
        precondition(counts.count == size, "gatherv: one count per rank")
        precondition(counts.allSatisfy { $0 >= 0 }, "gatherv: a negative count")
        precondition(counts[rank] == send, "gatherv: the root's own count")
        precondition(counts.reduce(0, +) <= receive, "gatherv: the parts do not fit")
    }
}

extension Span where Element: MPIScalar {
    /// The elements as an operand that is only read.
    @discardableResult
    fileprivate func withRegion<R>(_ body: (MemoryRegion) throws(MPIError) -> R) throws(MPIError) -> R {
        try withUnsafeBufferPointer { (elements) throws(MPIError) in
            let base = UnsafeMutableRawPointer(mutating: elements.baseAddress)
            return try body(MemoryRegion(base: base, count: elements.count, datatype: Element.datatype))
        }
    }
}

extension MutableSpan where Element: MPIScalar {
    @discardableResult
    fileprivate mutating func withRegion<R>(_ body: (MemoryRegion) throws(MPIError) -> R) throws(MPIError) -> R {
        try withUnsafeMutableBufferPointer { (elements) throws(MPIError) in
            let base = UnsafeMutableRawPointer(elements.baseAddress)
            return try body(MemoryRegion(base: base, count: elements.count, datatype: Element.datatype))
        }
    }
}
