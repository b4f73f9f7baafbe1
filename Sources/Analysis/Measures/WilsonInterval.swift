/// How sure a share is that was counted on a sample: the interval in which the share of all such samples lies in 95 of
/// 100 cases.
///
/// E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, Journal of the American
/// Statistical Association 22 (1927). It never leaves [0, 1], and holds for small samples, too: R. G. Newcombe,
/// *Two-sided confidence intervals for the single proportion*, Statistics in Medicine 17 (1998), method 3.
///
/// It tells what other test images would have changed, and nothing of what another seed would have.
public struct WilsonInterval: Sendable, Equatable {
    /// Lower end, in [0, 1].
    public let low: Double
    /// Upper end, in [0, 1].
    public let high: Double

    /// Quantile of the normal distribution that leaves 2.5 % on each side.
    private static let z = 1.959963984540054

    /// Computes the interval of a share. Nil without samples, and for a share that is not in [0, 1].
    ///
    /// - Parameters:
    ///   - share: what was counted, over the number of samples.
    ///   - samples: how many were looked at.
    public init?(_ share: Double, of samples: Int) {
        guard samples > 0, (0...1).contains(share) else { return nil }
        let n = Double(samples)
        let z2 = Self.z * Self.z
        let centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        let half = Self.z * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot() / (1 + z2 / n)
        // Rounding must not leave the interval a hair outside, nor the share outside of it.
        low = min(max(0, centre - half), share)
        high = max(min(1, centre + half), share)
    }

    /// The interval of a difference of two shares, in [-1, 1], as if each was counted on samples of its own.
    ///
    /// R. G. Newcombe, *Interval estimation for the difference between independent proportions*, Statistics in Medicine
    /// 17 (1998), method 10. Two models that are tried on the same samples differ by less than that for chance, so the
    /// interval is rather too wide than too narrow.
    ///
    /// - Parameters:
    ///   - share: the share that the other is taken from.
    ///   - other: what is taken from it.
    ///   - samples: how many each was counted on.
    /// - Returns: nil where one of the shares has no interval.
    public static func difference(_ share: Double, minus other: Double, of samples: (Int, Int)) -> ClosedRange<Double>?
    {
        guard let a = WilsonInterval(share, of: samples.0), let b = WilsonInterval(other, of: samples.1) else {
            return nil
        }
        let difference = share - other
        func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
        return (difference - root(share - a.low, b.high - other))...(difference + root(a.high - share, other - b.low))
    }
}
