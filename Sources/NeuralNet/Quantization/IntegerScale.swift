/// The scale of a tensor of whole numbers of eight bits: a real number x is represented by q, x ≈ step · q.
///
/// There is no zero point: zero is exactly zero, which padding and ReLU need. Outputs of a ReLU are unsigned, and have
/// twice the resolution for it.
public struct IntegerScale: Sendable, Equatable {
    /// The distance of neighbouring values; positive and finite.
    public let step: Float
    /// Whether q is in −127…127; otherwise it is in 0…255.
    public let isSigned: Bool

    /// Makes a scale.
    /// - Precondition: the step is positive and finite.
    public init(step: Float, isSigned: Bool) {
        precondition(step > 0 && step.isFinite, "a step of \(step)")
        self.step = step
        self.isSigned = isSigned
    }

    /// The largest whole number.
    var limit: Float { isSigned ? 127 : 255 }

    /// The scale on which a magnitude is the largest whole number.
    /// - Parameters:
    ///   - largest: largest magnitude to represent, ≥ 0.
    ///   - isSigned: whether values may be negative.
    init(largest: Float, isSigned: Bool) {
        // Nothing but zeros: any step will do.
        let step = largest / (isSigned ? 127 : 255)
        self.init(step: step > 0 && step.isFinite ? step : 1, isSigned: isSigned)
    }
}

/// The rule by which a tensor's values determine its step; values beyond the largest whole number saturate.
///
/// A smaller step rounds more finely, but more values saturate. The raw values are the command line's.
///
/// H. Wu, P. Judd, X. Zhang, M. Isaev, P. Micikevicius, *Integer Quantization for Deep Learning Inference: Principles
/// and Empirical Evaluation*, 2020, arXiv:2004.09602, section 3 (maximum, percentile); the squared error is minimised
/// over the thresholds of a histogram.
public enum CalibrationMethod: String, Sendable, CaseIterable {
    /// The largest magnitude that was seen.
    case maximum = "max"
    /// The magnitude that 99.99 % of the values do not exceed.
    case percentile
    /// The threshold at which rounding and saturation together have the least squared error.
    case squaredError = "mse"

    /// The rule that is used unless the user gives another.
    public static let usual = CalibrationMethod.maximum

    /// Bins of the histogram of magnitudes, from 0 to the largest.
    private static let bins = 4096

    /// The scale of a tensor.
    /// - Parameters:
    ///   - values: values that the tensor had for the samples of the calibration, all finite.
    ///   - isSigned: whether values may be negative.
    /// - Complexity: O(values); `squaredError` compares 57 thresholds over the bins besides.
    func scale(_ values: [Float], isSigned: Bool) -> IntegerScale {
        let largest = values.reduce(0) { max($0, abs($1)) }
        let perUnit = Float(Self.bins) / largest
        // The largest decides among magnitudes so small (below 2⁻¹¹⁶) that their bins have no number.
        guard self != .maximum, largest > 0, largest.isFinite, perUnit.isFinite else {
            return IntegerScale(largest: largest, isSigned: isSigned)
        }
        var histogram = [Int](repeating: 0, count: Self.bins)
        for value in values { histogram[min(Self.bins - 1, Int(abs(value) * perUnit))] += 1 }
        let bins =
            switch self {
            case .maximum: Self.bins
            case .percentile: Self.percentile(histogram, 0.9999)
            case .squaredError: Self.leastError(histogram, levels: isSigned ? 127 : 255)
            }
        return IntegerScale(largest: largest * Float(bins) / Float(Self.bins), isSigned: isSigned)
    }

    /// The number of bins, from the lowest, that hold a share of the values.
    private static func percentile(_ histogram: [Int], _ share: Double) -> Int {
        let enough = share * Double(histogram.reduce(0, +))
        var sum = 0
        for (bin, count) in histogram.enumerated() {
            sum += count
            if Double(sum) >= enough { return bin + 1 }
        }
        return histogram.count
    }

    /// The number of bins below the threshold with the least squared error, values taken to be in the middle of their
    /// bins.
    /// - Parameters:
    ///   - histogram: numbers of values by magnitude.
    ///   - levels: largest whole number.
    private static func leastError(_ histogram: [Int], levels: Int) -> Int {
        var best = (bins: histogram.count, error: Double.infinity)
        for threshold in stride(from: histogram.count / 8, through: histogram.count, by: histogram.count / 64) {
            let step = Double(threshold) / Double(levels)
            var error = 0.0
            for (bin, count) in histogram.enumerated() where count > 0 {
                let value = Double(bin) + 0.5
                let rounded = min((value / step).rounded(), Double(levels)) * step
                error += Double(count) * (value - rounded) * (value - rounded)
            }
            if error < best.error { best = (threshold, error) }
        }
        return best.bins
    }
}
