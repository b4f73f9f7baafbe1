import Foundation
import Testing

@testable import NeuralNet

@Suite struct MaskedCrossEntropyTests {
    /// Scores (ln 3, 7, 0) of which the second counts as 0: softmax (3, 1, 1) / 5, cross-entropy ln 5 − ln 3 for the first.
    @Test func `The scores of other classes are zero, and get no gradient`() {
        let scores: [Float] = [log(3), 7, 0, 1, 1, 1]
        var gradient = [Float](repeating: .nan, count: 6)
        var span = gradient.mutableSpan
        let result = MaskedCrossEntropy.differentiate(
            scores.span, held: [true, false, true], labels: ([0] as [Int32]).span, gradient: &span)
        #expect(abs(result.lossSum - log(5.0 / 3)) < 1e-6 && result.correct == 1)
        let expected: [Float] = [-0.4, 0, 0.2, 0, 0, 0]
        for (one, other) in zip(gradient, expected) { #expect(abs(one - other) < 1e-6) }
    }

    @Test func `With all classes it is the cross-entropy, to the bit`() {
        let scores: [Float] = [0.3, -1, 2, 0.5, 1, -0.25]
        let labels: [Int32] = [2, 0]
        var (one, other) = ([Float](repeating: 0, count: 6), [Float](repeating: 0, count: 6))
        var first = one.mutableSpan
        var second = other.mutableSpan
        let masked = MaskedCrossEntropy.differentiate(
            scores.span, held: [true, true, true], labels: labels.span, gradient: &first)
        #expect(
            masked == SoftmaxCrossEntropy.differentiate(scores.span, classes: 3, labels: labels.span, gradient: &second)
        )
        #expect(one == other)
    }
}
