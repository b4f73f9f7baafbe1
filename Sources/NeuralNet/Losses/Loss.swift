/// The loss that a model is trained with: what its outputs mean, and how far they are from the truth.
///
/// A sample's truth is a label, the number of its class, or targets, a number for each output. A value decides once a
/// batch; the loops over samples know their loss. All losses are sums over samples, and their gradients are those of
/// the mean, as PyTorch's `reduction="mean"` has it.
public enum Loss: Sendable, Hashable {
    /// Softmax and cross-entropy against labels, of which the share `labelSmoothing` in [0, 1) is spread over all
    /// classes.
    ///
    /// The smoothing is a means of training: an evaluation is of the cross-entropy without it, so that runs compare.
    case crossEntropy(labelSmoothing: Float = 0)
    /// Sigmoid and cross-entropy of one output against a target of 0 or 1.
    case binary
    /// Sigmoid and cross-entropy of each output against a target of 0 or 1.
    case multiLabel
    /// Squared distance of outputs and targets.
    case meanSquaredError

    /// Whether a sample's truth is a label; it is targets otherwise.
    public var takesLabels: Bool {
        if case .crossEntropy = self { true } else { false }
    }

    /// The sum of the samples' losses, and how many are right.
    /// - Parameters:
    ///   - outputs: `[batch, width]`; only the first `labels.count` rows are read.
    ///   - width: number of columns: the classes.
    ///   - labels: `[count]`, each in 0 ..< width.
    /// - Complexity: O(labels · width), no allocation.
    /// - Precondition: the loss takes labels.
    public func evaluate(_ outputs: Span<Float>, width: Int, labels: Span<Int32>) -> BatchResult {
        precondition(takesLabels, "\(self) takes targets, not labels")
        return SoftmaxCrossEntropy.evaluate(outputs, classes: width, labels: labels)
    }

    /// The same as ``evaluate(_:width:labels:)`` with the loss of training, and writes the gradient of the *mean* loss
    /// with respect to the outputs.
    /// - Parameter gradient: `[batch, width]`, written as a whole; zero in the rows behind the labels.
    public func differentiate(
        _ outputs: Span<Float>, width: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        guard case .crossEntropy(let smoothing) = self else { preconditionFailure("\(self) takes targets, not labels") }
        guard smoothing > 0 else {
            return SoftmaxCrossEntropy.differentiate(outputs, classes: width, labels: labels, gradient: &gradient)
        }
        return SmoothedCrossEntropy.differentiate(
            outputs, classes: width, labels: labels, smoothing: smoothing, gradient: &gradient)
    }

    /// The sum of the samples' losses, each the mean over its outputs, and how many are right.
    /// - Parameters:
    ///   - outputs: `[batch, width]`; only the rows that have targets are read.
    ///   - width: number of columns.
    ///   - targets: `[count, width]`.
    /// - Complexity: O(targets), no allocation.
    /// - Precondition: the loss takes targets.
    public func evaluate(_ outputs: Span<Float>, width: Int, targets: Span<Float>) -> BatchResult {
        switch self {
        case .crossEntropy: preconditionFailure("\(self) takes labels, not targets")
        case .binary, .multiLabel: BinaryCrossEntropy.evaluate(outputs, outputs: width, targets: targets)
        case .meanSquaredError: MeanSquaredError.evaluate(outputs, outputs: width, targets: targets)
        }
    }

    /// The same as ``evaluate(_:width:targets:)``, and writes the gradient of the *mean* loss with respect to the
    /// outputs.
    /// - Parameter gradient: `[batch, width]`, written as a whole; zero in the rows behind the targets.
    public func differentiate(
        _ outputs: Span<Float>, width: Int, targets: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        switch self {
        case .crossEntropy: preconditionFailure("\(self) takes labels, not targets")
        case .binary, .multiLabel:
            BinaryCrossEntropy.differentiate(outputs, outputs: width, targets: targets, gradient: &gradient)
        case .meanSquaredError:
            MeanSquaredError.differentiate(outputs, outputs: width, targets: targets, gradient: &gradient)
        }
    }
}
