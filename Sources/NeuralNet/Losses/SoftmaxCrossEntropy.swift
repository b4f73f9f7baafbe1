import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Softmax and cross-entropy against integer labels, in one pass: PyTorch's `CrossEntropyLoss`.
///
/// The loss of a sample is log Σ exp(zᵢ) minus the label's logit. The largest logit is subtracted before the
/// exponentials, so that none overflows. A sample is computed in Float, the samples are added up in Double. `exp` and
/// `log` are the C library's, so the last bit may differ between systems.
enum SoftmaxCrossEntropy {
    /// The sum of the losses, and the number of hits.
    /// - Parameters:
    ///   - logits: `[batch, classes]`; only the first `labels.count` rows are read.
    ///   - classes: number of columns.
    ///   - labels: `[count]`, each in 0 ..< classes.
    /// - Complexity: O(labels · classes), no allocation.
    /// - Precondition: every label is a class.
    static func evaluate(_ logits: Span<Float>, classes: Int, labels: Span<Int32>) -> BatchResult {
        precondition(labels.count * classes <= logits.count)
        var result = BatchResult()
        for sample in labels.indices {
            let row = logits.extracting(sample * classes..<(sample + 1) * classes)
            add(row, label: Int(labels[sample]), to: &result)
        }
        return result
    }

    /// The same as `evaluate`, and writes the gradient of the *mean* loss with respect to the logits,
    /// (softmax − one-hot) / labels.count.
    /// - Parameter gradient: `[batch, classes]`, written as a whole; zero in the rows behind the labels.
    static func differentiate(
        _ logits: Span<Float>, classes: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        precondition(labels.count * classes <= logits.count && gradient.count == logits.count)
        var result = BatchResult()
        let scale = 1 / Float(labels.count)
        for sample in labels.indices {
            let start = sample * classes
            let row = logits.extracting(start..<start + classes)
            let label = Int(labels[sample])
            let normaliser = add(row, label: label, to: &result)
            for i in 0..<classes { gradient[start + i] = expf(row[i] - normaliser) * scale }
            gradient[start + label] -= scale
        }
        for i in labels.count * classes..<gradient.count { gradient[i] = 0 }
        return result
    }

    /// Adds the loss of one sample.
    /// - Parameters:
    ///   - row: its logits.
    ///   - label: its class.
    ///   - result: the sums so far.
    /// - Returns: log Σ exp(logit), by which the caller gets the softmax.
    @discardableResult
    static func add(_ row: Span<Float>, label: Int, to result: inout BatchResult) -> Float {
        precondition(label >= 0 && label < row.count, "label \(label) is not one of \(row.count) classes")
        let best = row.argmax
        var sum: Float = 0
        for i in 0..<row.count { sum += expf(row[i] - row[best]) }
        let normaliser = row[best] + logf(sum)
        result.lossSum += Double(normaliser - row[label])
        if best == label { result.correct += 1 }
        return normaliser
    }
}
