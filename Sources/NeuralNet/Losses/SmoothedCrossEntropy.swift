#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Softmax and cross-entropy against labels that are trusted to 1 − ε alone, the rest being spread over all classes:
/// PyTorch's `CrossEntropyLoss(label_smoothing=ε)`.
///
/// C. Szegedy et al., *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016, section 7,
/// arXiv:1512.00567.
enum SmoothedCrossEntropy {
    /// The sum of the losses and the number of hits; writes the gradient of the *mean* loss with respect to the logits.
    /// - Parameters:
    ///   - logits: `[batch, classes]`; only the first `labels.count` rows are read.
    ///   - classes: number of columns.
    ///   - labels: `[count]`, each in 0 ..< classes.
    ///   - smoothing: ε in [0, 1].
    ///   - gradient: `[batch, classes]`, written as a whole; zero in the rows behind the labels.
    /// - Complexity: O(labels · classes), no allocation.
    static func differentiate(
        _ logits: Span<Float>, classes: Int, labels: Span<Int32>, smoothing: Float, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        precondition(labels.count * classes <= logits.count && gradient.count == logits.count)
        var result = BatchResult()
        let scale = 1 / Float(labels.count)
        let spread = smoothing / Float(classes)
        for sample in labels.indices {
            let start = sample * classes
            let row = logits.extracting(start..<start + classes)
            let label = Int(labels[sample])
            var plain = BatchResult()
            let normaliser = SoftmaxCrossEntropy.add(row, label: label, to: &plain)
            var distance: Float = 0
            for i in 0..<classes {
                distance += normaliser - row[i]
                gradient[start + i] = (expf(row[i] - normaliser) - spread) * scale
            }
            gradient[start + label] -= (1 - smoothing) * scale
            result.lossSum += Double(1 - smoothing) * plain.lossSum + Double(spread * distance)
            result.correct += plain.correct
        }
        for i in labels.count * classes..<gradient.count { gradient[i] = 0 }
        return result
    }
}
