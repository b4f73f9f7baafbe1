/// The vertical places of the labels at the ends of a plot's curves, so that no two overlap.
enum LabelLayout {
    /// Places as near to the values as the gap allows, in the least-squares sense, in the order of `values`.
    ///
    /// A place is a base plus one gap for each label below it, so that any bases that do not fall from one label to the
    /// next keep the distance. The nearest such bases are means of neighbours that would fall, pooled (isotonic
    /// regression by pooling adjacent violators: M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid, E. Silverman, *An
    /// Empirical Distribution Function for Sampling with Incomplete Information*, Annals of Mathematical Statistics 26,
    /// 1955).
    ///
    /// - Parameters:
    ///   - values: the ends of the curves, on the plot's axis, in any order.
    ///   - gap: the least distance between two labels, in the unit of the axis.
    ///   - range: the part of the axis that labels should stay in; with more labels than fit they leave it at its upper
    ///     end.
    /// - Returns: a place for each value, at the value's index.
    /// - Complexity: O(n log n) for n values.
    static func spread(_ values: [Double], gap: Double, in range: ClosedRange<Double>) -> [Double] {
        let order = values.indices.sorted { (values[$0], $1) < (values[$1], $0) }
        var pools: [(sum: Double, count: Int)] = []
        for (below, i) in order.enumerated() {
            var pool = (sum: values[i] - Double(below) * gap, count: 1)
            while let before = pools.last, pool.sum / Double(pool.count) < before.sum / Double(before.count) {
                pool = (before.sum + pool.sum, before.count + pool.count)
                pools.removeLast()
            }
            pools.append(pool)
        }
        let highest = max(range.lowerBound, range.upperBound - Double(max(values.count - 1, 0)) * gap)
        let bases = pools.flatMap { pool in
            repeatElement(min(max(pool.sum / Double(pool.count), range.lowerBound), highest), count: pool.count)
        }
        var places = values
        for (below, i) in order.enumerated() { places[i] = bases[below] + Double(below) * gap }
        return places
    }
}
