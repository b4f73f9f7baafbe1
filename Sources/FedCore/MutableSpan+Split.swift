extension MutableSpan {
    /// Hands out the elements before a place and those behind it, to be changed at the same time. O(1). Stops the program when
    /// there is no such place.
    ///
    /// ```swift
    /// slot.split(at: up) { message, state in … }
    /// ```
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
