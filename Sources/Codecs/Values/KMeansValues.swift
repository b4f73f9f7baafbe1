public import FedCore

/// Clusters of the update's numbers: a codebook of K values (Float32), and of each number the place of the nearest in
/// it. The clusters are those of k-means in one dimension, found on a histogram of the numbers (``ValueHistogram``).
///
/// S. Han, H. Mao, W. J. Dally, *Deep Compression*, ICLR 2016, section 3, arXiv:1510.00149, there of weights.
public struct KMeansValues: ValueStage {
    public static let name = "kmeans"
    public static let summary = "a codebook of 2 to 256 values for each update, and the place of the nearest"
    public static let paper = "Han, Mao and Dally, Deep Compression, ICLR 2016 (there of weights)"
    public static let positional = ["clusters"]

    /// Values of the codebook, 2 … 256.
    public let clusters: Int
    /// Steps of iterations at most, each of a cluster: they cost no more than some thousand numbers do.
    private static let steps = 25_600

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        clusters = try reader.integer("clusters", default: 16, "from 2 to 256") { (2...256).contains($0) }
    }

    /// Places in the codebook.
    public var alphabet: Int { clusters }
    /// The codebook.
    public func sideBytes(count: Int, tensors: Int) -> Int { 4 * clusters }

    /// Finds the clusters, and the nearest of each number. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        precondition(symbols.count >= numbers.count)
        guard numbers.count > 0 else { return }
        let histogram = ValueHistogram(numbers)
        let codebook = histogram.means(of: clusters, iterations: Self.steps / clusters)
        for i in 0..<clusters { side.put(codebook[min(i, codebook.count - 1)], at: 4 * i) }
        let bounds = zip(codebook, codebook.dropFirst()).map { $0 + ($1 - $0) / 2 }
        let cells = bounds.map { histogram.cell($0) }
        // The number of bounds in the cells before each; the few of its own are compared with.
        var memory = [UInt8](repeating: 0, count: histogram.cells)
        var (next, inOneCell) = (0, 0)
        for cell in memory.indices {
            memory[cell] = UInt8(next)
            let first = next
            while next < cells.count, cells[next] == cell { next += 1 }
            inOneCell = max(inOneCell, next - first)
        }
        let padded = bounds + [Float](repeating: .infinity, count: inOneCell)
        let (firsts, limits) = (memory.span, padded.span)
        for i in 0..<numbers.count {
            let value = numbers[unchecked: i]
            let first = Int(firsts[unchecked: histogram.cell(value)])
            var place = first
            for bound in first..<first &+ inOneCell {
                // 1 where the number is above the bound: the sign of a difference, which no branch depends on.
                place &+= Int(truncatingIfNeeded: (limits[unchecked: bound] - value).bitPattern &>> 31)
            }
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: place)
        }
    }

    /// Looks the numbers up. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        precondition(symbols.count >= numbers.count)
        let codebook = (0..<clusters).map { side.float(at: 4 * $0) }
        for i in 0..<numbers.count { numbers[unchecked: i] = codebook[Int(symbols[unchecked: i])] }
    }
}
