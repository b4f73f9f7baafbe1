#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Sigmoid and cross-entropy of each output against a target of 0 or 1, in one pass: PyTorch's `BCEWithLogitsLoss`.
///
/// The loss of a sample is the mean over its outputs of max(z, 0) − z·t + log(1 + e^−|z|), in which nothing overflows.
/// An output is computed in Float, the outputs are added up in Double.
enum BinaryCrossEntropy {
    /// The sum of the samples' losses, and the number of samples all of whose outputs are on their target's side.
    /// - Parameters:
    ///   - logits: `[batch, outputs]`; only the rows that have targets are read.
    ///   - outputs: number of columns.
    ///   - targets: `[count, outputs]`, each in [0, 1]; one above ½ wants a positive logit, others one that is not.
    /// - Complexity: O(targets), no allocation.
    static func evaluate(_ logits: Span<Float>, outputs: Int, targets: Span<Float>) -> BatchResult {
        precondition(targets.count <= logits.count && targets.count % outputs == 0)
        var result = BatchResult()
        for start in stride(from: 0, to: targets.count, by: outputs) {
            var (sum, isRight) = (0.0, true)
            for i in start..<start + outputs {
                let (logit, target) = (logits[i], targets[i])
                sum += Double(max(logit, 0) - logit * target + log1pf(expf(-abs(logit))))
                if (logit > 0) != (target > 0.5) { isRight = false }
            }
            result.lossSum += sum / Double(outputs)
            if isRight { result.correct += 1 }
        }
        return result
    }

    /// The same as `evaluate`, and writes the gradient of the *mean* loss with respect to the logits,
    /// (sigmoid − target) / targets.count.
    /// - Parameter gradient: `[batch, outputs]`, written as a whole; zero in the rows behind the targets.
    static func differentiate(
        _ logits: Span<Float>, outputs: Int, targets: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        let result = evaluate(logits, outputs: outputs, targets: targets)
        precondition(gradient.count == logits.count)
        let scale = 1 / Float(targets.count)
        for i in targets.indices { gradient[i] = (sigmoid(logits[i]) - targets[i]) * scale }
        for i in targets.count..<gradient.count { gradient[i] = 0 }
        return result
    }

    /// 1 / (1 + e^−z), by the exponential that does not overflow.
    private static func sigmoid(_ logit: Float) -> Float {
        let exponential = expf(-abs(logit))
        return (logit >= 0 ? 1 : exponential) / (1 + exponential)
    }
}
