import FedCore
import Strategies
import Testing

/// Server optimizers against their papers' recurrences, computed here in Double.
@Suite struct ServerOptimizerTests {
    static let means: [[Float]] = [[0.5, -0.25], [0.125, 0.5], [-1, 0.0625], [0.25, 0.25]]

    static func moved(by strategy: some Strategy) -> [Float] {
        var strategy = strategy
        return means.reduce([1, -1]) { global, mean in strategy.applied(mean, to: global) }
    }

    /// w ← w + η·m/(√v + τ), with v from a rule.
    static func reddi(
        rate: Double, beta1: Double, tau: Double, _ rule: (_ v: Double, _ squared: Double) -> Double
    ) -> [Double] {
        var (w, m, v) = ([1.0, -1.0], [0.0, 0.0], [tau * tau, tau * tau])
        for mean in means {
            for j in 0..<2 {
                let update = Double(mean[j])
                m[j] = beta1 * m[j] + (1 - beta1) * update
                v[j] = rule(v[j], update * update)
                w[j] += rate * m[j] / (v[j].squareRoot() + tau)
            }
        }
        return w
    }

    @Test func `FedAvgM is v ← βv + Δ, w ← w + ηv`() {
        var strategy = FedAvgM()
        strategy.serverRate = 0.5
        // v: (0.5, −0.25), (0.575, 0.275), (−0.4825, 0.31), (−0.18425, 0.529) with β = 0.9.
        let expected = [1 + 0.5 * (0.5 + 0.575 - 0.4825 - 0.18425), -1 + 0.5 * (-0.25 + 0.275 + 0.31 + 0.529)]
        #expect(distance(Self.moved(by: strategy), expected) < 1e-6)
    }

    @Test func `FedAvgM without momentum is FedAvg to the bit`() {
        var strategy = FedAvgM()
        strategy.beta = 0
        #expect(Self.moved(by: strategy) == Self.moved(by: FedAvg()))
    }

    @Test func `FedAdam is Reddi's recurrence`() {
        let expected = Self.reddi(rate: 0.01, beta1: 0.9, tau: 0.001) { v, squared in 0.99 * v + 0.01 * squared }
        #expect(distance(Self.moved(by: FedAdam()), expected) < 1e-6)
    }

    @Test func `FedYogi is Reddi's recurrence`() {
        let expected = Self.reddi(rate: 0.01, beta1: 0.9, tau: 0.001) { v, squared in
            v - 0.01 * squared * (v > squared ? 1 : -1)
        }
        #expect(distance(Self.moved(by: FedYogi()), expected) < 1e-6)
    }

    @Test func `FedAdagrad is Reddi's recurrence`() {
        let expected = Self.reddi(rate: 0.01, beta1: 0, tau: 0.001) { v, squared in v + squared }
        #expect(distance(Self.moved(by: FedAdagrad()), expected) < 1e-6)
    }
}
