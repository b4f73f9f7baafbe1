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

/// Server optimizers far from their defaults: τ and β₂ at the ends of their ranges, tiny and huge mean updates, and
/// elements that never change. Constants of algorithm 2 of Reddi et al. in numpy's float64, over three rounds:
///
///     m = b1 * m + (1 - b1) * d; v = RULE; w = w + eta * m / (sqrt(v) + tau)
@Suite struct ServerOptimizerEdgeTests {
    static let means: [[Float]] = [[1e-6, -3e4, 0, 1e-3], [2e-6, 1e4, 0, -1e-3], [-1e-6, 2e4, 0, 1e-3]]

    @Test(
        arguments: [
            ("fedadam", "1e-15", "0.9", "0.99", [2.95880372e-02, -1.41355299e-02, 0, 1.45713855e-02]),
            ("fedadam", "1e-15", "0", "0", [1.00000000e-02, 1.00000000e-02, 0, 1.00000000e-02]),
            ("fedadam", "0.001", "0.9", "0.99", [2.76961046e-06, -1.41355252e-02, 0, 9.05000043e-04]),
            ("fedadam", "1e6", "0.5", "0.999", [9.37922084e-15, -4.37421789e-05, 0, 3.12640710e-12]),
            ("fedyogi", "1e-15", "0.9", "0.99", [2.95419916e-02, -1.41197442e-02, 0, 1.45467807e-02]),
            ("fedyogi", "1e-15", "0", "0", [1.39442719e-02, 3.53553391e-03, 0, 1.00000000e-02]),
            // Not τ = 0.001: the last element's Δ² would be the first v, and rounding would decide its sign.
            ("fedyogi", "0.002", "0.9", "0.99", [1.37750000e-06, -1.41197348e-02, 0, 4.53053308e-04]),
            ("fedyogi", "1e6", "0.5", "0.999", [9.37499998e-15, -4.37500047e-05, 0, 3.12500015e-12]),
            ("fedadagrad", "1e-15", "0.9", "0.99", [2.95419917e-03, -1.41197442e-03, 0, 1.45467807e-03]),
            ("fedadagrad", "0.001", "0.9", "0.99", [2.75499685e-06, -1.41197437e-03, 0, 6.80944375e-04]),
            ("fedadagrad", "1e6", "0.5", "0.999", [9.37499998e-15, -4.37453109e-05, 0, 3.12500015e-12]),
        ] as [(String, String, String, String, [Double])])
    func `They are Reddi's algorithm at the ends of their ranges`(
        name: String, tau: String, beta1: String, beta2: String, expected: [Double]
    ) throws {
        var options = ["tau": tau, "beta1": beta1, "server-lr": "0.01"]
        if name != "fedadagrad" { options["beta2"] = beta2 }
        var strategy = try Strategies.standard.named(name, NamedOptions(options))
        let end = Self.means.reduce([0, 0, 0, 0]) { global, mean in strategy.applied(mean, to: global) }
        for (found, expected) in zip(end, expected) {
            #expect(abs(Double(found) - expected) <= 2e-5 * abs(expected), "\(found), not \(expected)")
        }
    }

    /// Below, its square or it itself would be 0 as a Float, and an element that never changes 0/0.
    @Test(arguments: ["fedadam", "fedyogi", "fedadagrad"]) func `A τ that is too small for a Float is refused`(
        name: String
    ) {
        for tau in ["0", "1e-16", "1e-50"] {
            #expect(throws: ConfigurationError.self) { try Strategies.standard.named(name, NamedOptions(["tau": tau])) }
        }
    }
}
