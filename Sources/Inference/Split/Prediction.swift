#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a model says of an image.
struct Prediction: Equatable {
    /// The class with the largest score; of equal ones the first.
    var label: Int32
    /// Its share in the softmax of the scores.
    var probability: Float

    /// - Parameter scores: of one image, a logit for each class.
    init(scores: Span<Float>) {
        var best = 0
        for i in 1..<scores.count where scores[i] > scores[best] { best = i }
        var sum: Float = 0
        for i in scores.indices { sum += expf(scores[i] - scores[best]) }
        label = Int32(best)
        probability = 1 / sum
    }
}
