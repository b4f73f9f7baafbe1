#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The loss of a student that learns from a teacher's scores and from labels: (1 − w)·T²·KL(p ‖ q) + w·CE.
///
/// p and q are the softmax of the teacher's and the student's scores over the temperature T, and CE is the
/// cross-entropy of the student's own softmax (T = 1) against the labels. T² keeps the gradient of the soft part,
/// T·(q − p), as large as it is at T = 1, so that w means the same at any temperature.
///
/// The teacher is asked once for each sample: ``makeTarget(_:into:)`` turns its scores into p and the entropy of p,
/// which all steps that see the sample use.
///
/// G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, section 2, arXiv:1503.02531.
public struct DistillationLoss: Sendable, Equatable {
    /// Temperature T > 0: a high one shows the student how the teacher ranks the classes that it thinks wrong.
    public let temperature: Float
    /// Weight w of the labels, in [0, 1]. At 1 the loss and its gradient are those of the labels alone, to the bit.
    public let hardWeight: Float

    /// Makes a loss.
    /// - Parameters:
    ///   - temperature: T > 0.
    ///   - hardWeight: w in [0, 1].
    /// - Precondition: the temperature is positive and finite, the weight in [0, 1].
    public init(temperature: Float, hardWeight: Float) {
        precondition(temperature > 0 && temperature.isFinite, "a temperature of \(temperature)")
        precondition(hardWeight >= 0 && hardWeight <= 1, "labels that count \(hardWeight)")
        self.temperature = temperature
        self.hardWeight = hardWeight
    }

    /// Number of floats in a sample's target: p, and behind it Σ p·log p.
    public static func targetCount(classes: Int) -> Int { classes + 1 }

    /// Turns a teacher's scores of one sample into the target that the loss needs.
    ///
    /// - Parameters:
    ///   - scores: `[classes]`, before softmax.
    ///   - target: `[targetCount(classes:)]`, written as a whole.
    /// - Complexity: O(classes).
    public func makeTarget(_ scores: Span<Float>, into target: inout MutableSpan<Float>) {
        precondition(target.count == Self.targetCount(classes: scores.count))
        let normaliser = logSumExp(scores, over: temperature)
        var negativeEntropy: Float = 0
        for i in 0..<scores.count {
            let logarithm = scores[i] / temperature - normaliser
            let probability = expf(logarithm)
            target[i] = probability
            // 0 · log 0 is 0, also where the logarithm is −∞.
            if probability > 0 { negativeEntropy += probability * logarithm }
        }
        target[scores.count] = negativeEntropy
    }

    /// The sum of the losses of the first `labels.count` samples, and the gradient of their mean.
    ///
    /// - Parameters:
    ///   - scores: scores of the student, `[batch, classes]`.
    ///   - classes: number of columns.
    ///   - labels: `[count]`, each in 0 ..< classes.
    ///   - targets: targets of these samples, `[labels.count, targetCount(classes:)]`.
    ///   - gradient: gradient with respect to the scores, `[batch, classes]`; zero in the rows behind the labels.
    /// - Returns: the sum of the losses, and the samples whose label the student's largest score is.
    /// - Complexity: O(labels · classes), no allocation.
    public func differentiate(
        _ scores: Span<Float>, classes: Int, labels: Span<Int32>, targets: Span<Float>,
        gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        let stride = Self.targetCount(classes: classes)
        precondition(targets.count >= labels.count * stride)
        var result = SoftmaxCrossEntropy.differentiate(scores, classes: classes, labels: labels, gradient: &gradient)
        let scale = (1 - hardWeight) * temperature / Float(labels.count)
        var divergence = 0.0
        for sample in labels.indices {
            let start = sample * classes
            let row = scores.extracting(start..<start + classes)
            let target = targets.extracting(sample * stride..<(sample + 1) * stride)
            let normaliser = logSumExp(row, over: temperature)
            var cross: Float = 0
            for i in 0..<classes {
                let logarithm = row[i] / temperature - normaliser
                // A class that the teacher rules out adds nothing, however sure of it the student is.
                if target[i] > 0 { cross += target[i] * logarithm }
                gradient[start + i] = hardWeight * gradient[start + i] + scale * (expf(logarithm) - target[i])
            }
            divergence += Double(target[classes] - cross)
        }
        let (hard, soft) = (Double(hardWeight), Double(1 - hardWeight))
        result.lossSum = hard * result.lossSum + soft * Double(temperature) * Double(temperature) * divergence
        return result
    }

    /// log Σ exp(score / temperature), the largest score taken out, so that nothing overflows.
    private func logSumExp(_ scores: Span<Float>, over temperature: Float) -> Float {
        var largest = scores[0]
        for i in 1..<scores.count { largest = max(largest, scores[i]) }
        var sum: Float = 0
        for i in 0..<scores.count { sum += expf((scores[i] - largest) / temperature) }
        return largest / temperature + logf(sum)
    }
}

extension Plan {
    /// Runs the passes of a training step for the mean of a student's loss: otherwise as
    /// ``forwardBackward(labels:loss:dropout:)``.
    /// - Parameters:
    ///   - labels: classes of the first samples in the input, each in 0 ..< classes; 0 < count ≤ batch.
    ///   - targets: targets of these samples, one behind another, as ``DistillationLoss/makeTarget(_:into:)`` makes
    ///     them.
    ///   - loss: the student's loss.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func forwardBackward(
        labels: Span<Int32>, targets: Span<Float>, of loss: DistillationLoss, dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        try forwardForTraining(labels.count, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            loss.differentiate(
                output, classes: model.classes, labels: labels, targets: targets, gradient: &gradient)
        }
        try backward()
        return result
    }
}
