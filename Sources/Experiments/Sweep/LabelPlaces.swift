/// Where labels of a plot's curves are, so that they do not overlap.
enum LabelPlaces {
    /// Places as near to the values as they can be, in the order of the values.
    ///
    /// A place is a base, and a gap for each label below it; bases must not fall. The nearest such bases are means of
    /// neighbours that would fall, pooled (isotonic regression by pooling adjacent violators: M. Ayer, H. D. Brunk,
    /// G. M. Ewing, W. T. Reid, E. Silverman, *An Empirical Distribution Function for Sampling with Incomplete
    /// Information*, Annals of Mathematical Statistics 26, 1955).
    ///
    /// - Parameters:
    ///   - gap: the least distance.
    ///   - range: of all places, if there is room.
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
