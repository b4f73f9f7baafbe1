/// The squared distance of outputs and targets, for regression: PyTorch's `MSELoss`.
///
/// The loss of a sample is the mean over its outputs of (z − t)². An output is computed in Float, the outputs are added
/// up in Double.
enum MeanSquaredError {
    /// The sum of the samples' losses; nothing counts as correct.
    /// - Parameters:
    ///   - values: `[batch, outputs]`; only the rows that have targets are read.
    ///   - outputs: number of columns.
    ///   - targets: `[count, outputs]`.
    /// - Complexity: O(targets), no allocation.
    static func evaluate(_ values: Span<Float>, outputs: Int, targets: Span<Float>) -> BatchResult {
        precondition(targets.count <= values.count && targets.count % outputs == 0)
        var sum = 0.0
        for i in targets.indices {
            let difference = values[i] - targets[i]
            sum += Double(difference * difference)
        }
        return BatchResult(lossSum: sum / Double(outputs))
    }

    /// The same as `evaluate`, and writes the gradient of the *mean* loss with respect to the values,
    /// 2 (value − target) / targets.count.
    /// - Parameter gradient: `[batch, outputs]`, written as a whole; zero in the rows behind the targets.
    static func differentiate(
        _ values: Span<Float>, outputs: Int, targets: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        precondition(gradient.count == values.count)
        let result = evaluate(values, outputs: outputs, targets: targets)
        let scale = 2 / Float(targets.count)
        for i in targets.indices { gradient[i] = (values[i] - targets[i]) * scale }
        for i in targets.count..<gradient.count { gradient[i] = 0 }
        return result
    }
}
