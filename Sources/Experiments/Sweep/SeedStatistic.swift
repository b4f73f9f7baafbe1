import FedCore

/// The mean of a figure over runs that differ in nothing but their seed, and how much it varies between them.
package struct SeedStatistic: Equatable {
    /// Number of runs that have the figure, at least 1.
    package let count: Int
    /// Arithmetic mean, in the figure's own unit.
    package let mean: Double
    /// The sample standard deviation, √(Σ(xᵢ − x̄)² / (n − 1)), in the figure's unit; nil for a single run, which says
    /// nothing about variation.
    package let deviation: Double?

    /// Computes the statistic in two passes, so that values that are large against their spread lose no digits.
    ///
    /// - Parameter values: one value for each run.
    /// - Returns: nil when there are no values.
    /// - Complexity: O(n).
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        deviation =
            values.count < 2
            ? nil : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }

    /// The text `79.5 ± 2.4`, or the mean alone where there is no deviation.
    ///
    /// - Parameter decimals: digits behind the point of both numbers.
    package func text(decimals: Int) -> String {
        NumberText.fixed(mean, decimals) + (deviation.map { " ± " + NumberText.fixed($0, decimals) } ?? "")
    }
}
