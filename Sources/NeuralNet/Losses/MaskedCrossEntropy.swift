#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Softmax and cross-entropy against labels in which the scores of classes that a client does not have count as zero: they
/// get no gradient, so that its training does not push down what others teach.
///
/// E. Diao, J. Ding, V. Tarokh, *HeteroFL*, ICLR 2021, section 3, "masking trick", arXiv:2010.01264.
enum MaskedCrossEntropy {
    /// The sum of the losses and the number of hits; writes the gradient of the *mean* loss with respect to the scores.
    /// - Parameters:
    ///   - scores: `[batch, classes]`; only the first `labels.count` rows are read.
    ///   - held: whether each class is one of the client's.
    ///   - labels: `[count]`, each in 0 ..< classes.
    ///   - gradient: `[batch, classes]`, written as a whole; zero of the other classes, and in the rows behind the labels.
    /// - Complexity: O(labels · classes).
    static func differentiate(
        _ scores: Span<Float>, held: [Bool], labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        let classes = held.count
        precondition(labels.count * classes <= scores.count && gradient.count == scores.count)
        var result = BatchResult()
        let scale = 1 / Float(labels.count)
        var row = [Float](repeating: 0, count: classes)
        for sample in labels.indices {
            let start = sample * classes
            for i in 0..<classes { row[i] = held[i] ? scores[start + i] : 0 }
            let label = Int(labels[sample])
            let normaliser = SoftmaxCrossEntropy.add(row.span, label: label, to: &result)
            for i in 0..<classes { gradient[start + i] = held[i] ? expf(row[i] - normaliser) * scale : 0 }
            if held[label] { gradient[start + label] -= scale }
        }
        for i in labels.count * classes..<gradient.count { gradient[i] = 0 }
        return result
    }
}

extension Plan {
    /// Runs the passes of a training step with the scores of some classes alone: otherwise as
    /// ``forwardBackward(labels:loss:dropout:)`` for the cross-entropy.
    /// - Parameters:
    ///   - labels: classes of the first samples in the input; 0 < count ≤ batch.
    ///   - held: whether each class counts, `[classes]`; the scores of the others are taken for 0.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Throws: `OneDNNError` when a primitive fails.
    public func forwardBackward(
        labels: Span<Int32>, held: [Bool], dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        precondition(held.count == model.classes, "\(held.count) of \(model.classes) classes")
        try forwardForTraining(labels.count, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            MaskedCrossEntropy.differentiate(output, held: held, labels: labels, gradient: &gradient)
        }
        try backward()
        return result
    }
}
