public import FedCore

/// The mean weighted by sample count, FedAvg's: one client moves it as far as it likes.
///
/// The same bits as the engine's exact sum, which adds updates as they arrive and needs no matrix; this
/// implementation serves an attack that must see all updates first. O(count · dimension).
public struct WeightedMean: RobustAggregation {
    public static let name = "mean"
    public static let summary = "mean weighted by sample count; withstands no attacker"
    public static let needsEachUpdate = false

    public init(_ options: inout OptionReader) throws(ConfigurationError) {}

    public mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError) {
        check(updates, trusted, mean)
        let (clients, weights) = (updates.clients, updates.weights)
        var sum = ExactSum(count: updates.dimension, totalWeight: weights.reduce(0, +))
        for index in 0..<updates.count {
            do throws(ExactSum.Refusal) {
                try sum.add(updates.row(index).span, weight: weights[index])
            } catch {
                throw AggregationError(client: clients[index], refusal: error)
            }
        }
        sum.mean(into: &mean)
    }
}
