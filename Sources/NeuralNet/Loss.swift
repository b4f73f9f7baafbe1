#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a pass over a batch gave.
public struct BatchResult: Sendable, Equatable {
    /// Σ of the samples' losses; divide by their number for the mean.
    public var lossSum: Double
    /// Samples whose largest logit is their label's.
    public var correct: Int

    public init(lossSum: Double = 0, correct: Int = 0) {
        self.lossSum = lossSum
        self.correct = correct
    }
}

/// Softmax and cross-entropy against integer labels, in one pass: PyTorch's `CrossEntropyLoss`.
enum SoftmaxCrossEntropy {
    /// - Parameters:
    ///   - logits: `[batch, classes]`; the first `labels.count` rows count.
    static func evaluate(_ logits: Span<Float>, classes: Int, labels: Span<Int32>) -> BatchResult {
        precondition(labels.count * classes <= logits.count)
        var result = BatchResult()
        for sample in labels.indices {
            let row = logits.extracting(sample * classes..<(sample + 1) * classes)
            add(row, label: Int(labels[sample]), to: &result)
        }
        return result
    }

    /// As `evaluate`, and writes the gradient of the *mean* loss, (softmax − one-hot) / labels.count; zero in the rows
    /// that do not count.
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

    /// Adds one sample and returns log Σ exp(logit).
    @discardableResult
    private static func add(_ row: Span<Float>, label: Int, to result: inout BatchResult) -> Float {
        precondition(label >= 0 && label < row.count, "label \(label) is not one of \(row.count) classes")
        var best = 0
        for i in 1..<row.count where row[i] > row[best] { best = i }
        var sum: Float = 0
        for i in 0..<row.count { sum += expf(row[i] - row[best]) }
        let normaliser = row[best] + logf(sum)
        result.lossSum += Double(normaliser - row[label])
        if best == label { result.correct += 1 }
        return normaliser
    }
}
