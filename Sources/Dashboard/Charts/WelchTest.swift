import FedCore

/// Whether the means of two small samples differ by more than their scatter explains, whatever the two scatters are.
///
/// B. L. Welch, *The Generalization of 'Student's' Problem when Several Different Population Variances are Involved*,
/// Biometrika 34, 1947.
struct WelchTest {
    /// The chance of a difference so large, in either direction, between samples of equal means.
    let probability: Double

    /// - Returns: nil when a sample has fewer than two values, or none of them scatters.
    init?(_ left: [Double], _ right: [Double]) {
        guard left.count > 1, right.count > 1 else { return nil }
        func moments(_ values: [Double]) -> (mean: Double, share: Double) {
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (mean, squares / Double(values.count - 1) / Double(values.count))
        }
        let (a, b) = (moments(left), moments(right))
        let variance = a.share + b.share
        guard variance > 0 else { return nil }
        let t = (a.mean - b.mean) / variance.squareRoot()
        // Welch–Satterthwaite.
        let freedom =
            variance * variance
            / (a.share * a.share / Double(left.count - 1) + b.share * b.share / Double(right.count - 1))
        probability = StudentDistribution.probability(beyond: t, freedom: freedom)
    }
}
