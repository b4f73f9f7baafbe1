extension MutableSpan where Element: ~Copyable {
    /// A mutable view of the elements in a range of indices. O(1). The whole span can be used again after the last use
    /// of the part.
    /// - Precondition: the range is within 0 ..< count.
    @_lifetime(&self)
    public mutating func part(_ places: some RangeExpression<Int>) -> MutableSpan<Element> {
        // The standard library of Swift 6.3 has deprecated `extracting`, which is to consume, for this name.
        _mutatingExtracting(places.relative(to: indices))
    }
}
