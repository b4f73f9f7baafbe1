/// How many numbers lie in each of many equal cells between the least and the largest, and their sum: what k-means needs
/// of them, in a few thousand steps where the numbers are a million.
struct ValueHistogram {
    /// The cells that there can be: as many as a second-level cache holds, and many for each of 256 clusters.
    private static let mostCells = 1 << 15

    /// Where the cells lie.
    private struct Grid {
        /// The least number.
        let least: Float
        /// Cells of a unit; 0 when all numbers lie in one.
        let cellsPerUnit: Float
        /// The last cell.
        let last: Float

        /// The cell of a number.
        @inline(__always)
        func callAsFunction(_ value: Float) -> Int {
            // A Float of this size has no fraction: adding rounds to the nearest, and the low bits are the cell.
            let place = min((value - least) * cellsPerUnit, last) + 0x1p23
            return Int(truncatingIfNeeded: place.bitPattern & 0x7fff)
        }
    }

    private let grid: Grid
    /// The number of numbers and their sum in the cells before each, and behind the last in all.
    private let before: [SIMD2<Double>]

    /// Number of cells.
    var cells: Int { before.count - 1 }

    /// Counts numbers. O(numbers + cells).
    /// - Parameter numbers: at least one, finite and below 2⁹⁶.
    init(_ numbers: Span<Float>) {
        let (least, most) = VectorSums.extremes(numbers, 0..<numbers.count, and: numbers[0])
        var cells = 1024
        while cells < Self.mostCells, cells < 4 * numbers.count { cells *= 2 }
        let width = (most - least) / Float(cells)
        grid = Grid(
            least: least, cellsPerUnit: width >= .leastNormalMagnitude * 4 ? 1 / width : 0, last: Float(cells - 1))
        var sums = [SIMD2<Double>](repeating: SIMD2(), count: cells + 1)
        var span = sums.mutableSpan
        for i in 0..<numbers.count {
            let value = numbers[unchecked: i]
            // A cell further on, so that the sums of those before need no second array.
            span[unchecked: grid(value) &+ 1] += SIMD2(1, Double(value))
        }
        for cell in 1..<span.count { span[cell] += span[cell - 1] }
        before = sums
    }

    /// The cell of a number: not below that of any smaller one.
    @inline(__always)
    func cell(_ value: Float) -> Int { grid(value) }

    /// The clusters of k-means in one dimension.
    ///
    /// S. P. Lloyd, *Least Squares Quantization in PCM*, IEEE Transactions on Information Theory 28(2), 1982. They begin
    /// where the fourth root of the density says, since the best levels are as dense as its cube root: P. F. Panter and
    /// W. Dite, *Quantization Distortion in Pulse-Count Modulation with Nonuniform Spacing of Levels*, Proc. IRE 39(1),
    /// 1951.
    ///
    /// - Parameters:
    ///   - clusters: the most that are wanted.
    ///   - iterations: the most steps.
    /// - Returns: the means of those that have numbers, strictly ascending.
    /// - Complexity: O(cells + iterations · clusters).
    func means(of clusters: Int, iterations: Int) -> [Float] {
        var means = start(clusters)
        for _ in 0..<iterations {
            var (below, farthest) = (SIMD2<Double>(), 0.0)
            for cluster in means.indices {
                let end =
                    cluster + 1 < clusters ? sums(below: (means[cluster] + means[cluster + 1]) / 2) : before[cells]
                let part = end - below
                below = end
                // Less than a number is the rounding of none.
                guard part.x > 1e-3 else { continue }
                farthest = max(farthest, (part.y / part.x - means[cluster]).magnitude)
                means[cluster] = part.y / part.x
            }
            // By less than numbers of one cell differ.
            if farthest * Double(grid.cellsPerUnit) < 1e-2 { break }
        }
        // Clusters are of whole cells, so that each mean is that of its numbers.
        var start = 0
        return means.indices.compactMap { cluster in
            var end = cells
            if cluster + 1 < clusters {
                let bound = (means[cluster] + means[cluster + 1]) / 2
                end = cell(Float(bound))
                if let mean = mean(end..<end + 1), mean <= bound { end += 1 }
            }
            defer { start = max(start, end) }
            return mean(start..<max(start, end)).map { Float($0) }
        }
    }

    /// The number of numbers below a value and their sum; of the cell in which the value lies a part, as if its numbers
    /// were spread evenly: by whole cells small moves would have no effect, and the clusters stay where they are.
    private func sums(below value: Double) -> SIMD2<Double> {
        let place = (value - Double(grid.least)) * Double(grid.cellsPerUnit) + 0.5
        let whole = min(max(place, 0), Double(cells - 1)).rounded(.down)
        let cell = Int(whole)
        return before[cell] + (before[cell + 1] - before[cell]) * min(max(place - whole, 0), 1)
    }

    /// The mean of the numbers of some cells; nil when there are none.
    private func mean(_ cells: Range<Int>) -> Double? {
        let sum = before[cells.upperBound] - before[cells.lowerBound]
        return sum.x > 0 ? sum.y / sum.x : nil
    }

    /// As many values, ascending, between which the fourth root of the density has the same integral. The density is that
    /// of groups of cells, so that most of them have many numbers.
    private func start(_ clusters: Int) -> [Double] {
        let group = 64
        var weights = [0.0]
        for first in stride(from: 0, to: cells, by: group) {
            let count = before[first + group].x - before[first].x
            weights.append(weights[weights.count - 1] + count.squareRoot().squareRoot())
        }
        var index = 0
        return (0..<clusters).map { cluster in
            let wanted = weights[weights.count - 1] * (Double(cluster) + 0.5) / Double(clusters)
            while weights[index + 1] <= wanted { index += 1 }
            let place = Double(index) + (wanted - weights[index]) / (weights[index + 1] - weights[index])
            let unit = grid.cellsPerUnit > 0 ? Double(group) / Double(grid.cellsPerUnit) : 0
            return Double(grid.least) + place * unit
        }
    }
}
