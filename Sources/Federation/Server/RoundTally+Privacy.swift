import FedCore

extension RoundTally {
    /// Makes one update of all that have come with differential privacy: the sum with noise, over a number that does not depend
    /// on who came. Also when nobody did: that must not show.
    /// - Parameters:
    ///   - divisor: what the sum is divided by.
    ///   - addNoise: adds the noise to the sum.
    ///   - body: called with the update, `[terms.shape.averaged]`.
    func aggregatePrivately(
        dividedBy divisor: Double, addNoise: (inout UpdateSum) -> Void, _ body: (inout MutableSpan<Float>) -> Void
    ) {
        addNoise(&sum)
        sum.withMeanInPlace(dividedBy: divisor, body)
    }
}
