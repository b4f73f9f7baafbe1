public import FedCore

/// A count sketch of the update: a table of `rows` × `columns` sums, from which the server estimates each number and
/// keeps the k largest. The hash functions are drawn from the round's stream, so that no place crosses.
///
/// D. Rothchild et al., *FetchSGD: Communication-Efficient Federated Learning with Sketching*, ICML 2020,
/// arXiv:2007.07682, algorithm 1; the sketch is that of ``CountSketch``.
///
/// There the server adds up the sketches of all clients, keeps momentum and error as sketches, and takes the k largest of
/// the sum: clients need no state. Here each client's sketch is decoded by itself, because the seam of codecs is one
/// update's, and error feedback is the client's. So of a single update ``TopK`` tells the server more in the same bytes:
/// what a sketch has beyond it, that sums of sketches are sketches of sums, is not made use of.
public struct Sketch: ProjectingStage {
    public static let name = "sketch"
    public static let summary =
        "a count sketch of rows=5 times so many columns, of which the server keeps the k= largest estimates (a tenth of "
        + "the columns); each client's by itself, where FetchSGD adds sketches up"
    public static let paper = "Rothchild et al., FetchSGD: Communication-Efficient Federated Learning, ICML 2020"
    public static let positional = ["columns"]

    /// Columns of each row.
    public let columns: Amount
    /// Rows, an odd number from 1 to 15, so that there is a middle estimate.
    public let rows: Int
    /// Numbers that the server keeps; nil for a tenth of the columns.
    public let kept: Amount?

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        columns = try reader.amount("columns")
        rows = try reader.integer("rows", default: 5, "odd, from 1 to 15") { (1...15).contains($0) && $0 % 2 == 1 }
        kept = try reader.optionalAmount("k")
    }

    /// One matrix, the table.
    public func tensors(of tensors: [CodecTensor], count: Int) -> [CodecTensor] {
        count == 0 ? [] : [CodecTensor(0..<rows * columns.of(count), rows: rows)]
    }

    /// The sketch of so many numbers in a round.
    private func sketch(of count: Int, _ context: CodecContext) -> CountSketch {
        var random = context.sharedStream()
        return CountSketch(rows: rows, columns: columns.of(count), &random)
    }

    /// Adds the numbers to their columns. O(rows · count).
    public func project(_ numbers: Span<Float>, into projected: inout MutableSpan<Float>, in context: CodecContext) {
        guard numbers.count > 0 else { return }
        sketch(of: numbers.count, context).add(numbers, to: &projected)
    }

    /// Estimates all numbers, and keeps the largest. O(rows² · count); allocates an estimate of each number.
    public func restore(_ projected: Span<Float>, into numbers: inout MutableSpan<Float>, in context: CodecContext) {
        let count = numbers.count
        guard count > 0 else { return }
        var memory = [Float](repeating: 0, count: count)
        var estimates = memory.mutableSpan
        sketch(of: count, context).estimate(projected, into: &estimates)
        let wanted = kept?.of(count) ?? max(columns.of(count) / 10, 1)
        var places: [UInt32] = []
        places.reserveCapacity(wanted)
        LargestMagnitudes.append(wanted, of: estimates.span, in: 0..<count, to: &places)
        for place in places { numbers[Int(place)] = estimates[Int(place)] }
    }
}
