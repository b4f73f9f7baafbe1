import FedCore
import Foundation
import NeuralNet
import Testing

/// Models with several exits, and the loss that trains them together.
@Suite struct ExitsTests {
    /// Convolutions of 160, 4,640, 18,496 and 36,928 weights, exits of 784, 1,568, 3,136 and 3,136 features.
    @Test func `A model shortened to its first exits has what these need`() throws {
        let model = try Models.standard.named("edgecnn-exits")
        #expect(model.exits.count == 4)
        let counts = (1...3).map { model.shortened(toExits: $0).parameterCount }
        #expect(counts == [8_010, 28_340, 78_206])
        for exits in 1...3 {
            let short = model.shortened(toExits: exits)
            #expect(short.classes == 10 && short.exits.count == (exits > 1 ? exits : 0))
            let places = model.places(of: short)
            #expect(places.reduce(0) { $0 + $1.count } == short.parameterCount)
            let names = Set(short.parameterLayout.entries.map(\.name))
            #expect(model.parameterLayout.ranges { names.contains($0.name) } == places)
        }
        #expect(model.separatedExits.parameterLayout == model.parameterLayout)
        #expect(model.separatedExits.classes == 40)
        #expect(try Models.standard.named("edgecnn-large").exits.isEmpty)
    }

    /// Softmax of (0, 0) and (ln 3, 0) is (1/2, 1/2) and (3/4, 1/4). Cross-entropies ln 2 + ln 4/3; divergences
    /// 3/4 ln 3/2 + 1/4 ln 1/2 and 1/2 ln 2/3 + 1/2 ln 2.
    @Test func `The loss of two exits, and its gradient, by hand`() {
        let scores: [Float] = [0, 0, log(3), 0, 9, 9, 9, 9]
        var gradient = [Float](repeating: .nan, count: 8)
        var span = gradient.mutableSpan
        let result = ExitsLoss(exits: 2, consistency: 1).differentiate(
            scores.span, classes: 2, labels: ([0] as [Int32]).span, gradient: &span)
        let entropies = log(2.0) + log(4.0 / 3)
        let divergences = 0.75 * log(1.5) + 0.25 * log(0.5) + 0.5 * log(2.0 / 3) + 0.5 * log(2.0)
        #expect(abs(result.lossSum - entropies - divergences) < 1e-6)
        #expect(result.correct == 1)
        let expected: [Float] = [-0.75, 0.75, 0, 0, 0, 0, 0, 0]
        for (one, other) in zip(gradient, expected) { #expect(abs(one - other) < 1e-6) }
    }

    @Test func `Without consistency it is the sum of the exits' cross-entropies`() {
        let scores: [Float] = [0.3, -1, 2, 0.5, 1, -0.25, 0, 0, 4]
        var gradient = [Float](repeating: 0, count: 9)
        var span = gradient.mutableSpan
        let result = ExitsLoss(exits: 3, consistency: 0).differentiate(
            scores.span, classes: 3, labels: ([2] as [Int32]).span, gradient: &span)
        var sum = 0.0
        for exit in 0..<3 {
            var one = [Float](repeating: 0, count: 3)
            var part = one.mutableSpan
            let row = Array(scores[3 * exit..<3 * exit + 3])
            sum +=
                Loss.crossEntropy().differentiate(row.span, width: 3, labels: ([2] as [Int32]).span, gradient: &part)
                .lossSum
            for i in 0..<3 { #expect(abs(gradient[3 * exit + i] - one[i]) < 1e-6) }
        }
        #expect(abs(result.lossSum - sum) < 1e-6)
    }
}
