// Passes for losses that compare outputs with targets.
extension Plan {
    /// Runs the forward pass as an evaluation, and compares its outputs with targets; otherwise as
    /// ``evaluate(labels:)``.
    /// - Parameters:
    ///   - targets: targets of the first samples in the input, `[count, outputs]`; 0 < count ≤ batch.
    ///   - loss: a loss that takes targets.
    /// - Returns: the sum of these samples' losses, and how many are right.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func evaluate(targets: Span<Float>, loss: Loss) throws(OneDNNError) -> BatchResult {
        try forward(targets.count / model.classes)
        return withOutput { output in loss.evaluate(output, width: model.classes, targets: targets) }
    }

    /// Runs the forward pass, the loss and the backward pass of a training step for the mean of a loss against targets:
    /// otherwise as ``forwardBackward(labels:loss:dropout:)``.
    /// - Parameters:
    ///   - targets: targets of the first samples in the input, `[count, outputs]`; 0 < count ≤ batch.
    ///   - loss: a loss that takes targets.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: the plan is for training.
    public func forwardBackward(
        targets: Span<Float>, loss: Loss, dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        try forwardForTraining(targets.count / model.classes, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            loss.differentiate(output, width: model.classes, targets: targets, gradient: &gradient)
        }
        try backward()
        return result
    }
}
