extension MutableSpan where Element: ~Copyable {
    /// The elements at some places, to be changed there; the whole can be used again when nobody uses the part any longer.
    /// O(1). Stops the program when there are no such places.
    @_lifetime(&self)
    public mutating func part(_ places: some RangeExpression<Int>) -> MutableSpan<Element> {
        // The standard library of Swift 6.3 has deprecated `extracting`, which is to consume, for this name.
        _mutatingExtracting(places.relative(to: indices))
    }
}
