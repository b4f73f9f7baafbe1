import Foundation

/// The numbers along one side of a chart, at round values.
struct Axis {
    /// The smallest and the largest value that is shown.
    let range: ClosedRange<Double>
    /// Where numbers stand, in their order.
    let ticks: [Double]
    /// Decimals that tell the ticks apart.
    private let decimals: Int

    /// Chooses round ticks: multiples of 1, 2 or 5 times a power of ten.
    ///
    /// - Parameters:
    ///   - values: what is to be shown; what is not finite does not count.
    ///   - count: about so many ticks.
    ///   - least: the smallest range that is shown, so that noise does not fill the chart.
    ///   - isTight: whether the range ends with the values, and not with the next tick.
    init(_ values: some Sequence<Double>, ticks count: Int, least: Double = 0, isTight: Bool = false) {
        let finite = values.filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        let missing = max(least, high == low ? max(abs(high) * 0.1, high == 0 ? 1 : 1e-9) : 0) - (high - low)
        // What is 0 throughout is a count, which has nothing below.
        if missing > 0 { (low, high) = low == 0 && high == 0 ? (0, missing) : (low - missing / 2, high + missing / 2) }
        let raw = (high - low) / Double(max(1, count))
        let power = pow(10, log10(raw).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
        let first = (low / step).rounded(.down)
        let last = (high / step).rounded(.up)
        let all = first * step...max(last * step, first * step + step)
        let range = isTight ? all.lowerBound...high : all
        self.range = range
        ticks = stride(from: first, through: last, by: 1).map { $0 * step }.filter { $0 <= range.upperBound }
        decimals = max(0, -Int(log10(step).rounded(.down)))
    }

    /// A tick's number, as a percentage where the values are shares.
    func text(_ tick: Double, isShare: Bool) -> String {
        if isShare { return Words.fixed(tick * 100, max(0, decimals - 2)) + " %" }
        if abs(tick) >= 1e6 { return String(format: "%g", tick) }
        return Words.fixed(tick, min(decimals, 6))
    }

    /// Where a value lies, 0 at the beginning, 1 at the end.
    func place(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
}
