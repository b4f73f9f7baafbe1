/// The distance of scores from those of others: the mean over samples and classes of |z − t|, PyTorch's `L1Loss`.
///
/// A score is compared in Float, the differences are added up in Double. The gradient of the mean is the sign of the
/// difference over the number of scores: 0 where both are equal, as PyTorch has it.
public enum MeanAbsoluteError {
    /// The sum of the samples' losses, each the mean over its scores, and the gradient of the *mean* loss.
    /// - Parameters:
    ///   - scores: `[batch, classes]`; only the rows that have targets are read.
    ///   - classes: number of columns.
    ///   - targets: `[count, classes]`.
    ///   - gradient: `[batch, classes]`, written as a whole; zero in the rows behind the targets.
    /// - Complexity: O(targets), no allocation.
    public static func differentiate(
        _ scores: Span<Float>, classes: Int, targets: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        precondition(targets.count <= scores.count && targets.count % classes == 0 && gradient.count == scores.count)
        let step = 1 / Float(targets.count)
        var sum = 0.0
        for i in targets.indices {
            let difference = scores[i] - targets[i]
            sum += Double(abs(difference))
            gradient[i] = difference > 0 ? step : difference < 0 ? -step : 0
        }
        for i in targets.count..<gradient.count { gradient[i] = 0 }
        return BatchResult(lossSum: sum / Double(classes))
    }
}

extension Plan {
    /// Runs a forward and a backward pass over the samples in the input, towards scores.
    /// - Parameter scores: `[count, classes]`: what the model is to say of each sample; 0 < count ≤ batch.
    /// - Returns: the summed loss.
    /// - Throws: `OneDNNError`.
    public func forwardBackward(
        scores: Span<Float>, dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        try forwardForTraining(scores.count / model.classes, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            MeanAbsoluteError.differentiate(output, classes: model.classes, targets: scores, gradient: &gradient)
        }
        try backward()
        return result
    }
}
