extension MutableSpan {
    /// Gives a closure the elements before an index and those from it on, both mutable at the same time. O(1).
    ///
    /// ```swift
    /// slot.split(at: up) { message, state in … }
    /// ```
    ///
    /// - Parameters:
    ///   - middle: length of the front part, 0 … count.
    ///   - body: receives the two parts; they cannot leave it.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws, nothing else.
    /// - Precondition: `middle` is in 0 … count.
    public mutating func split<Result, Failure: Error>(
        at middle: Int,
        _ body: (_ front: inout MutableSpan<Element>, _ rear: inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition((0...count).contains(middle), "there is no place \(middle) among \(count) elements")
        return try withUnsafeMutableBufferPointer { (elements) throws(Failure) in
            // The two do not overlap, and neither outlives the borrow of the whole.
            var front = MutableSpan(
                _unsafeElements: UnsafeMutableBufferPointer(rebasing: elements[..<middle]))
            var rear = MutableSpan(
                _unsafeElements: UnsafeMutableBufferPointer(rebasing: elements[middle...]))
            return try body(&front, &rear)
        }
    }
}
