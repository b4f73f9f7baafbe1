/// A tensor among the numbers that a codec encodes, seen as a matrix: a linear layer's weight as it is, a convolution's
/// kernel `[out, in, height, width]` with `out` rows, and a vector with a row for each number.
public struct CodecTensor: Sendable, Equatable {
    /// Where its numbers lie, row by row.
    public var range: Range<Int>
    /// Number of rows, equally long.
    public let rows: Int

    /// Describes a tensor.
    /// - Parameters:
    ///   - range: where its numbers lie.
    ///   - rows: a divisor of their number; nil for a vector.
    public init(_ range: Range<Int>, rows: Int? = nil) {
        self.range = range
        self.rows = rows ?? range.count
        precondition(self.rows == 0 ? range.isEmpty : range.count % self.rows == 0, "rows are equally long")
    }

    /// Numbers of a row; 0 where there are no rows.
    public var columns: Int { rows == 0 ? 0 : range.count / rows }

    /// What of the tensor lies in a range, as a tensor of its own; nil when nothing does. A part is a vector.
    /// - Parameters:
    ///   - part: the range.
    ///   - start: where the range's first number lies among the new tensor's.
    package func inside(_ part: Range<Int>, movedTo start: Int) -> CodecTensor? {
        guard range.overlaps(part) else { return nil }
        let common = range.clamped(to: part)
        let first = start + common.lowerBound - part.lowerBound
        return CodecTensor(first..<first + common.count, rows: common == range ? rows : nil)
    }
}
