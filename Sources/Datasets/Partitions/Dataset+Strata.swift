import FedCore

extension Dataset {
    /// Largest number of bins of a target.
    private static var bins: Int { 10 }

    /// What partitioners divide samples by: their labels, or, where numbers are predicted, the tenth of all samples in
    /// which the first of these is.
    ///
    /// - Returns: a label in 0 ..< classes for each sample, and the number of classes.
    /// - Complexity: O(count), and O(count log count) for numbers.
    func strata() -> (labels: [Int32], classes: Int) {
        guard case .values = task else { return (labels(), classes) }
        var firsts: [Float] = []
        firsts.reserveCapacity(count)
        forEachTargets(of: 0..<count) { firsts.append($0[0]) }
        let sorted = firsts.sorted()
        // Equal targets are in one bin, so there may be fewer.
        let limits = Set((1..<Self.bins).map { sorted[$0 * count / Self.bins] }).subtracting([sorted[0]]).sorted()
        return (firsts.map { first in Int32(limits.count { $0 <= first }) }, limits.count + 1)
    }
}
