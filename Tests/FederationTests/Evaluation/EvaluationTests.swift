import Foundation
import Testing

@testable import Federation
@testable import Records

@Suite struct AccuracySpreadTests {
    @Test func `Of eleven clients the worst tenth is two`() {
        let accuracies = [0.5, 0.1, 0.9, 0.5, 0.5, 0.3, 0.5, 0.5, 0.5, 0.7, 0.5]
        let spread = AccuracySpread(accuracies, loss: 1)
        #expect(abs(spread.mean - 0.5) < 1e-12)
        #expect(spread.median == 0.5)
        #expect(abs(spread.worst10 - 0.2) < 1e-12)
        #expect(abs(spread.best10 - 0.8) < 1e-12)
        // Deviations 0.4, 0.4, 0.2, 0.2: √(0.4/11).
        #expect(abs(spread.deviation - 0.19069251784911848) < 1e-12)
        // (5.5)² / (11 · (11 · 0.25 + 0.4)).
        #expect(abs(spread.jain - 30.25 / (11 * 3.15)) < 1e-12)
    }

    @Test func `The median of an even number lies between the middle two`() {
        #expect(abs(AccuracySpread([0.2, 0.4, 0.6, 1], loss: 0).median - 0.5) < 1e-12)
    }

    @Test func `Jain's index is one for equals and 1 over n when one has everything`() {
        #expect(AccuracySpread([0.25, 0.25, 0.25], loss: 0).jain == 1)
        #expect(AccuracySpread([0, 0, 0, 1], loss: 0).jain == 0.25)
        #expect(AccuracySpread([0, 0], loss: 0).jain == 1)
    }
}

@Suite struct ConfusionMatrixTests {
    @Test func `Scores are counted by class and by what they were taken for`() {
        var matrix = ConfusionMatrix(classes: 3)
        // Taken for 1, 0 (the first of equals), 2, and one beyond the labels.
        let scores: [Float] = [0, 5, 1, 2, 2, 1, -3, -2, -1, 9, 0, 0]
        let labels: [Int32] = [1, 1, 0]
        matrix.add(scores.span, labels: labels.span)
        #expect(matrix.counts == [0, 0, 1, 1, 1, 0, 0, 0, 0])
        #expect(matrix.accuracy == 1.0 / 3)
        #expect(matrix.classAccuracies == [0, 0.5, nil])
    }

    @Test func `Without samples there is no accuracy`() {
        #expect(ConfusionMatrix(classes: 2).accuracy == nil)
    }
}

@Suite struct EvaluationVectorTests {
    static let vector = EvaluationVector(classes: 2, models: 2)

    @Test func `What is written is read, model by model`() throws {
        var slot = [Float](repeating: 0, count: Self.vector.floats)
        let first = Evaluation(loss: 0.5, confusion: ConfusionMatrix(classes: 2, counts: [3, 1, 0, 4]))
        let second = Evaluation(loss: 2, confusion: ConfusionMatrix(classes: 2, counts: [0, 4, 4, 0]))
        var span = slot.mutableSpan
        Self.vector.write(first, model: 0, into: &span)
        Self.vector.write(second, model: 1, into: &span)
        #expect(Self.vector.read(model: 0, samples: 8, from: slot.span) == first)
        #expect(Self.vector.read(model: 1, samples: 8, from: slot.span) == second)
        #expect(Self.vector.read(model: 0, samples: 9, from: slot.span) == nil)
    }

    @Test(arguments: [
        [0.5, 1, 2.5, 0, 0], [0, -1, 2, 1, 1], [0, .infinity, 0, 0, 0], [0, 1e20, 0, 0, 0],
    ])
    func `What is no count of the client's samples is refused`(floats: [Float]) {
        let slot = floats + [Float](repeating: 0, count: 5)
        let read = Self.vector.read(model: 0, samples: 3, from: slot.span)
        #expect(read == nil)
    }
}
