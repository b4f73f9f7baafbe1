import FedCore
import Foundation
import Privacy
import Testing

/// Noise and rounds for a budget.
struct CalibrationTests {
    /// The noise multiplier for sampled rounds.
    private func noise(
        _ kind: PrivacyAccountantKind, epsilon: Double, delta: Double = 1e-5, probability: Double, rounds: Int
    ) throws -> Double {
        try NoiseCalibration(epsilon: epsilon, delta: delta, accountant: kind.accountant)
            .noiseMultiplier(rounds: rounds) { .sampledGaussian(noiseMultiplier: $0, probability: probability) }
    }

    /// Opacus, `accountants_test.py`: ε 8, q 0.04. It stops within 0.01 of ε below the target, so its σ is up to 0.1 % larger.
    @Test(arguments: [
        (PrivacyAccountantKind.rdp, 2_250, 1.416), (.prv, 2_250, 1.34765625), (.rdp, 2_000, 1.3562),
        (.prv, 2_000, 1.2915),
    ])
    func `σ for ε 8 is that of Opacus`(kind: PrivacyAccountantKind, rounds: Int, expected: Double) throws {
        let found = try noise(kind, epsilon: 8, probability: 0.04, rounds: rounds)
        #expect(abs(found / expected - 1) < 2e-3, "\(found)")
    }

    /// dp-accounting, `pld/accountant_test.py`; of the second the sensitivity is 6.
    @Test(arguments: [(1, 0.01, 0.67379294682), (25, 0.001, 3.20956502598 / 6)])
    func `the least σ for (1, 1e-5) is dp-accounting's`(rounds: Int, probability: Double, expected: Double) throws {
        let found = try noise(.pld, epsilon: 1, probability: probability, rounds: rounds)
        #expect(abs(found / expected - 1) < 1e-3, "\(found)")
    }

    /// pfl-research, `test_compute_parameters.py`; and dp-accounting's: a third for 0.78760074.
    @Test(arguments: [(2.25, 4.0834087e-4, 2.0.squareRoot()), (1.0, 0.78760074, 1.0 / 3), (1.0, 0.12693674, 1.0)])
    func `the analytic Gaussian's σ is pfl-research's`(epsilon: Double, delta: Double, expected: Double) {
        let found = GaussianHockeyStick.noiseMultiplier(epsilon: epsilon, delta: delta)
        #expect(abs(found / expected - 1) < 1e-6, "\(found)")
    }

    @Test(arguments: PrivacyAccountantKind.allCases)
    func `what is found keeps the budget, and less does not`(kind: PrivacyAccountantKind) throws {
        let budget = 2.0
        func spent(_ noise: Double, _ rounds: Int) throws -> Double {
            let event = PrivacyEvent.sampledGaussian(noiseMultiplier: noise, probability: 0.02)
            return try kind.accountant.epsilon(of: PrivacyComposition(event, times: rounds), delta: 1e-6).upper
        }
        let found = try noise(kind, epsilon: budget, delta: 1e-6, probability: 0.02, rounds: 300)
        #expect(try spent(found, 300) <= budget * (1 + 1e-5))
        #expect(try spent(found * 0.9999, 300) > budget * (1 - 1e-5))
        // Six digits.
        #expect(String(format: "%.5e", found) == String(format: "%.5e", found * (1 + 1e-9)))
        let rounds = try NoiseCalibration(epsilon: budget, delta: 1e-6, accountant: kind.accountant)
            .rounds(.sampledGaussian(noiseMultiplier: found * 1.001, probability: 0.02))
        #expect(rounds >= 300)
        #expect(try spent(found * 1.001, rounds) <= budget)
        #expect(try spent(found * 1.001, rounds + 1) > budget)
    }

    @Test func `a budget that nothing keeps is refused, and a round too dear gives none`() throws {
        let calibration = try NoiseCalibration(epsilon: 0.5, delta: 1e-5, accountant: LossDistributionAccountant())
        #expect(try calibration.rounds(.gaussian(noiseMultiplier: 0.5)) == 0)
        #expect(throws: ConfigurationError.self) { try calibration.rounds(.nothing) }
        #expect(throws: ConfigurationError.self) {
            try NoiseCalibration(epsilon: 0, delta: 1e-5, accountant: RenyiAccountant())
        }
        #expect(throws: ConfigurationError.self) {
            try NoiseCalibration(epsilon: 1, delta: 1, accountant: RenyiAccountant())
        }
    }
}
