import FedCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The class that a model gives an image, and how sure it is.
struct Prediction: Equatable {
    /// The class with the largest score; of equal scores the first class, so that the split and the unsplit model agree
    /// on ties.
    var label: Int32
    /// The softmax's share of that class, in (0, 1].
    var probability: Float

    /// Evaluates the scores of one image. Only the best class's share is computed, with scores shifted by the largest
    /// so that no exponential overflows.
    ///
    /// - Parameter scores: Logits, one for each class; not empty.
    /// - Complexity: O(classes), without allocation.
    init(scores: Span<Float>) {
        let best = scores.argmax
        var sum: Float = 0
        for i in scores.indices { sum += expf(scores[i] - scores[best]) }
        label = Int32(best)
        probability = 1 / sum
    }
}
