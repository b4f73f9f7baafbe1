import FedCore

/// The mean of a figure over runs that differ in their seed only, and how much it varies.
package struct SeedStatistic: Equatable {
    package let count: Int
    package let mean: Double
    /// The sample standard deviation, √(Σ(xᵢ − x̄)² / (n − 1)); nil of fewer than two.
    package let deviation: Double?

    /// Nil of nothing.
    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        deviation =
            values.count < 2
            ? nil : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }

    /// `79.5 ± 2.4`, or the mean alone.
    package func text(decimals: Int) -> String {
        Figures.fixed(mean, decimals) + (deviation.map { " ± " + Figures.fixed($0, decimals) } ?? "")
    }
}
