import Foundation

/// Whether one model gets fewer images right than another, beyond a margin: one-sided tests by the normal distribution, with a correction for
/// whole numbers.
public struct AccuracyLoss: Sendable {
    /// How much accuracy may be lost, in [0, 1].
    public var margin: Double
    /// Probability of seeing a loss beyond the margin where there is none, in (0, 1).
    public var level: Double

    /// A test.
    public init(margin: Double, level: Double) {
        (self.margin, self.level) = (margin, level)
    }

    /// Images below which the normal distribution is too far off, and nothing is said.
    private static let leastImages = 40

    /// Tests on images that both have answered: by those that only one gets right (Q. McNemar, *Note on the sampling error of the difference
    /// between correlated proportions or percentages*, Psychometrika 12, 1947).
    ///
    /// - Parameters:
    ///   - old: Whether the old model gets each image right.
    ///   - new: The same of the new one; as many.
    public func isShown(old: [Bool], new: [Bool]) -> Bool {
        precondition(old.count == new.count, "\(old.count) answers beside \(new.count)")
        guard old.count >= Self.leastImages else { return false }
        let count = Double(old.count)
        let onlyOld = Double(zip(old, new).count { $0 && !$1 })
        let onlyNew = Double(zip(old, new).count { !$0 && $1 })
        let loss = (onlyOld - onlyNew) / count
        return isBeyond(
            loss - margin - 1 / count, variance: ((onlyOld + onlyNew) / count - loss * loss) / count)
    }

    /// Tests on two samples of images, each answered by one of the two. Where they share images it finds less than it could, and says no more
    /// than it may.
    ///
    /// - Parameters:
    ///   - old: How many the old model got right, of how many.
    ///   - new: The same of the new one.
    public func isShown(old: (right: Int, of: Int), new: (right: Int, of: Int)) -> Bool {
        guard min(old.of, new.of) >= Self.leastImages else { return false }
        let (oldCount, newCount) = (Double(old.of), Double(new.of))
        let (before, after) = (Double(old.right) / oldCount, Double(new.right) / newCount)
        return isBeyond(
            before - after - margin - 0.5 * (1 / oldCount + 1 / newCount),
            variance: before * (1 - before) / oldCount + after * (1 - after) / newCount)
    }

    private func isBeyond(_ excess: Double, variance: Double) -> Bool {
        guard excess > 0 else { return false }
        // All of one and none of the other: there is no spread, and no doubt.
        guard variance > 0 else { return true }
        return 0.5 * erfc((excess / variance.squareRoot()) / 2.0.squareRoot()) <= level
    }
}
