extension MemoryRegion {
    /// The region in pieces of at most `limit` elements; at least one, so that an empty transfer is still a call.
    ///
    /// An empty collective must be called like any other: the other ranks wait for it.
    func parts(of limit: Int) -> [Part] {
        stride(from: 0, to: max(count, 1), by: limit).map { start in
            let length = min(limit, count - start)
            guard let exact = Int32(exactly: length) else { preconditionFailure("a part of \(length) elements") }
            return Part(base: slice(start, count: length).base, length: exact)
        }
    }

    /// A piece that fits into one call: its address and its number of elements.
    struct Part {
        let base: UnsafeMutableRawPointer?
        let length: Int32
    }
}
