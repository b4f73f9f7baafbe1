public import FedCore

/// Clusters of the update's numbers: a codebook of K values (Float32), and of each number the place of the nearest in
/// it. The clusters are those of k-means in one dimension, begun at quantiles.
///
/// S. Han, H. Mao, W. J. Dally, *Deep Compression*, ICLR 2016, section 3, arXiv:1510.00149, there of weights; S. P. Lloyd,
/// *Least Squares Quantization in PCM*, IEEE Transactions on Information Theory 28(2), 1982.
public struct KMeansValues: ValueStage {
    public static let name = "kmeans"
    public static let summary = "a codebook of 2 to 256 values for each update, and the place of the nearest"
    public static let paper = "Han, Mao and Dally, Deep Compression, ICLR 2016 (there of weights)"
    public static let positional = ["clusters"]

    /// Values of the codebook, 2 … 256.
    public let clusters: Int
    /// Iterations at most: near the optimum they change little.
    private static let iterations = 25

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        clusters = try reader.integer("clusters", default: 16, "from 2 to 256") { (2...256).contains($0) }
    }

    /// Places in the codebook.
    public var alphabet: Int { clusters }
    /// The codebook.
    public func sideBytes(count: Int, tensors: Int) -> Int { 4 * clusters }

    /// Finds the clusters, and the nearest of each number. O(count log count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        let codebook = codebook(of: numbers)
        for (i, value) in codebook.enumerated() { side.put(value, at: 4 * i) }
        let bounds = zip(codebook, codebook.dropFirst()).map { $0 + ($1 - $0) / 2 }
        precondition(symbols.count >= numbers.count)
        for i in 0..<numbers.count {
            var (low, high) = (0, bounds.count)
            while low < high {
                let middle = (low &+ high) / 2
                if bounds[middle] < numbers[unchecked: i] { low = middle &+ 1 } else { high = middle }
            }
            symbols[unchecked: i] = UInt8(low)
        }
    }

    /// The clusters' means, ascending.
    private func codebook(of numbers: Span<Float>) -> [Float] {
        guard numbers.count > 0 else { return [Float](repeating: 0, count: clusters) }
        // Sorted, a cluster is a range, and its sum a difference of two.
        var sorted: [Float] = []
        sorted.reserveCapacity(numbers.count)
        for i in 0..<numbers.count { sorted.append(numbers[unchecked: i]) }
        sorted.sort()
        var sums: [Double] = [0]
        sums.reserveCapacity(sorted.count + 1)
        for value in sorted { sums.append(sums[sums.count - 1] + Double(value)) }
        var means = (0..<clusters).map { Double(sorted[(2 * $0 + 1) * sorted.count / (2 * clusters)]) }
        for _ in 0..<Self.iterations {
            var (start, hasMoved) = (0, false)
            for cluster in means.indices {
                var end = sorted.count
                if cluster + 1 < clusters {
                    let bound = Float((means[cluster] + means[cluster + 1]) / 2)
                    var (low, high) = (start, sorted.count)
                    while low < high {
                        let middle = (low + high) / 2
                        if sorted[middle] <= bound { low = middle + 1 } else { high = middle }
                    }
                    end = low
                }
                if end > start {
                    let mean = (sums[end] - sums[start]) / Double(end - start)
                    hasMoved = hasMoved || mean != means[cluster]
                    means[cluster] = mean
                }
                start = end
            }
            guard hasMoved else { break }
        }
        return means.map { Float($0) }.sorted()
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
