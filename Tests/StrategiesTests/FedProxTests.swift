import FedCore
import Strategies
import Testing

@Suite struct FedProxTests {
    @Test func addsMuTimesTheDistanceFromTheAnchor() {
        // Li et al., eq. 2: ∇(μ/2 ‖w − w_global‖²) = μ (w − w_global).
        var strategy = FedProx()
        strategy.mu = 0.5
        #expect(strategy.correctsGradients)
        // 1 + 0.5·(3 − 1), 2 + 0.5·(1 − 5), −1 + 0.5·(0.25 − 0.25).
        #expect(
            strategy.corrected([1, 2, -1], weights: [3, 1, 0.25], anchor: [1, 5, 0.25]) == [2, 0, -1])
    }

    @Test func isFedAvgWhenMuIsZero() {
        var strategy = FedProx()
        strategy.mu = 0
        #expect(!strategy.correctsGradients)
        #expect(strategy.applied([1, -2], to: [1, 1]) == [2, -1])
    }

    @Test func anUnknownSettingListsThoseThereAre() {
        let error = #expect(throws: ConfigurationError.self) { try Strategies.standard.named("fedprox", ["nu": "1"]) }
        #expect(error?.description.contains("strategy 'fedprox'") == true)
        #expect(error?.description.contains("mu") == true)
    }

    @Test func gradientDescentOnTheProximalTermReturnsToTheAnchor() {
        // With no loss of its own a step of size η shrinks the distance by 1 − ημ: 4 · 0.5³ = 0.5.
        var strategy = FedProx()
        strategy.mu = 1
        var weights: [Float] = [4, -4]
        for _ in 0..<3 {
            let gradient = strategy.corrected([0, 0], weights: weights, anchor: [0, 0])
            for i in weights.indices { weights[i] -= 0.5 * gradient[i] }
        }
        #expect(weights == [0.5, -0.5])
    }
}
