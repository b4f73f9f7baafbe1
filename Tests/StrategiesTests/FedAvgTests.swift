import FedCore
import Strategies
import Testing

@Suite struct FedAvgTests {
    @Test func isTheMeanOfTheClientsWeightsByTheirSamples() throws {
        // McMahan et al., algorithm 1: w ← Σ nₖ/n wₖ, here with w₁ = (2, 0), n₁ = 100 and w₂ = (6, 4), n₂ = 300.
        let global: [Float] = [1, 1]
        var sum = ExactSum(count: 2, totalWeight: 400)
        try sum.add(([1, -1] as [Float]).span, weight: 100)
        try sum.add(([5, 3] as [Float]).span, weight: 300)
        var mean: [Float] = [0, 0]
        var span = mean.mutableSpan
        sum.mean(into: &span)
        var strategy = FedAvg()
        #expect(strategy.applied(mean, to: global) == [5, 3])
    }

    @Test func leavesTheClientsGradientsAlone() {
        #expect(!FedAvg().correctsGradients)
        #expect(FedAvg().corrected([1, 2], weights: [9, 9], anchor: [0, 0]) == [1, 2])
    }
}
