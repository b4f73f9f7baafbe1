#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The loss of a model that is trained at all of its exits, which learn from the labels and from each other:
/// Σᵢ CE(zᵢ, y) + λ / (d − 1) · Σᵢ Σⱼ≠ᵢ KL(pⱼ ‖ pᵢ), zᵢ the scores of exit i of d, pᵢ their softmax. An exit that
/// teaches is constant: no gradient goes to pⱼ.
///
/// M. Kim, S. Yu, S. Kim, S.-M. Moon, *DepthFL: Depthwise Federated Learning for Heterogeneous Clients*, ICLR 2023,
/// https://openreview.net/forum?id=pf8RIZTMU58, eq. 2.
public struct ExitsLoss: Sendable, Equatable {
    /// Number of exits, d ≥ 2.
    public let exits: Int
    /// λ ≥ 0: how much exits learn from each other.
    public let consistency: Float

    /// Makes a loss.
    /// - Precondition: at least two exits, and λ ≥ 0.
    public init(exits: Int, consistency: Float) {
        precondition(exits > 1 && consistency >= 0, "\(exits) exits with λ = \(consistency)")
        self.exits = exits
        self.consistency = consistency
    }

    /// The sum of the losses of the first `labels.count` samples, and the gradient of their mean.
    /// - Parameters:
    ///   - scores: of all exits, `[batch, exits, classes]`.
    ///   - classes: number of classes.
    ///   - labels: `[count]`, each in 0 ..< classes.
    ///   - gradient: `[batch, exits, classes]`, written as a whole; zero in the rows behind the labels.
    /// - Returns: the sum of the losses, and the samples whose label has the largest mean score.
    /// - Complexity: O(labels · exits² · classes).
    public func differentiate(
        _ scores: Span<Float>, classes: Int, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) -> BatchResult {
        let width = exits * classes
        precondition(labels.count * width <= scores.count && gradient.count == scores.count)
        var result = BatchResult()
        let scale = 1 / Float(labels.count)
        let share = consistency / Float(exits - 1)
        // Logarithms of the probabilities of one sample at all exits.
        var memory = [Float](repeating: 0, count: width)
        var logarithms = memory.mutableSpan
        for sample in labels.indices {
            let start = sample * width
            let label = Int(labels[sample])
            var hits = BatchResult()
            for exit in 0..<exits {
                let row = scores.extracting(start + exit * classes..<start + (exit + 1) * classes)
                let normaliser = SoftmaxCrossEntropy.add(row, label: label, to: &hits)
                for i in 0..<classes { logarithms[exit * classes + i] = row[i] - normaliser }
            }
            result.lossSum += hits.lossSum
            var divergence = 0.0
            for exit in 0..<exits {
                for i in 0..<classes {
                    let own = logarithms[exit * classes + i]
                    let probability = expf(own)
                    var pull: Float = 0
                    for other in 0..<exits where other != exit {
                        let taught = logarithms[other * classes + i]
                        let target = expf(taught)
                        pull += probability - target
                        // 0 · log 0 is 0.
                        if target > 0 { divergence += Double(target * (taught - own)) }
                    }
                    gradient[start + exit * classes + i] = (probability + share * pull) * scale
                }
                gradient[start + exit * classes + label] -= scale
            }
            result.lossSum += Double(share) * divergence
            if isRight(scores.extracting(start..<start + width), classes, label) { result.correct += 1 }
        }
        for i in labels.count * width..<gradient.count { gradient[i] = 0 }
        return result
    }

    /// Whether the label has the largest sum of scores; of equal ones, the first counts.
    private func isRight(_ scores: Span<Float>, _ classes: Int, _ label: Int) -> Bool {
        var (best, bestSum) = (0, -Float.infinity)
        for i in 0..<classes {
            var sum: Float = 0
            for exit in 0..<exits { sum += scores[exit * classes + i] }
            if sum > bestSum { (best, bestSum) = (i, sum) }
        }
        return best == label
    }
}

extension Plan {
    /// Runs the passes of a training step at all exits: otherwise as ``forwardBackward(labels:loss:dropout:)``.
    /// - Parameters:
    ///   - labels: classes of the first samples in the input; 0 < count ≤ batch.
    ///   - loss: the loss of all exits.
    ///   - dropout: key of the masks; nil for a pass without dropout.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: the model is one of separated exits (``Model/separatedExits``), as many as the loss has.
    public func forwardBackward(
        labels: Span<Int32>, exits loss: ExitsLoss, dropout: DropoutKey? = nil
    ) throws(OneDNNError) -> BatchResult {
        precondition(model.classes.isMultiple(of: loss.exits), "\(model.classes) scores of \(loss.exits) exits")
        try forwardForTraining(labels.count, dropout: dropout)
        let result = withOutputGradient { output, gradient in
            loss.differentiate(output, classes: model.classes / loss.exits, labels: labels, gradient: &gradient)
        }
        try backward()
        return result
    }
}
