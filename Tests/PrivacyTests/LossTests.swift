import FedCore
import Foundation
import Privacy
import Testing

/// Accountants of loss distributions against dp-accounting 0.6.0, Opacus, closed forms, and one another.
struct LossTests {
    /// A run of Poisson-sampled Gaussian rounds.
    static func run(_ noise: Double, _ probability: Double, _ rounds: Int) throws -> PrivacyComposition {
        try PrivacyComposition(.sampledGaussian(noiseMultiplier: noise, probability: probability), times: rounds)
    }

    /// dp-accounting 0.6.0, `PLDAccountant`, steps of 10⁻⁴.
    @Test(arguments: [
        (1.5, 0.04, 2_250, 1e-5, 6.768787), (1.1, 256.0 / 60_000, 14_062, 1e-5, 2.381686),
        (0.7, 256.0 / 60_000, 10_546, 1e-5, 5.639447), (1.3, 0.004, 3_750, 1e-5, 0.833589),
        (1.1, 0.004, 15_000, 1e-5, 2.295468), (0.7, 0.004, 11_250, 1e-5, 5.431223),
        (1.0, 0.001, 30_000, 1e-7, 1.098200), (1.0, 0.1, 100, 1e-5, 7.046603), (1.0, 0.01, 1_000, 1e-5, 1.828244),
        (1.1, 1.0, 10, 1e-5, 15.782720), (5.0, 0.01, 100, 1e-5, 0.061255560), (0.5, 0.2, 3, 1e-5, 11.515399),
        (0.7, 0.99, 20, 1e-6, 49.663565),
        // TensorFlow Privacy, compute_dp_sgd_privacy_lib_test, as in RenyiTests.
        (0.7, 1.0, 2, 1e-5, 10.1224946), (0.7, 0.01, 120, 1e-5, 2.4612381), (0.35, 1.0, 2, 1e-5, 24.7160779),
        (0.35, 0.01, 120, 1e-5, 18.6977407),
    ])
    func `ε by losses is dp-accounting's`(
        noise: Double, probability: Double, rounds: Int, delta: Double, expected: Double
    ) throws {
        let found = try LossDistributionAccountant().epsilon(of: Self.run(noise, probability, rounds), delta: delta)
            .upper
        #expect(abs(found / expected - 1) < 1e-3, "\(found)")
    }

    /// Opacus, `accountants_test.py`: 2,249 steps, since 90 // 0.04 is that in floating point; it shows the upper bound.
    @Test func `ε by random variables is that of Opacus' test`() throws {
        let found = try RandomVariableAccountant().epsilon(of: Self.run(1.5, 0.04, 2_249), delta: 1e-5)
        #expect(abs(found.upper / 6.777395712 - 1) < 1e-3, "\(found)")
    }

    @Test(arguments: [
        (1.5, 0.04, 2_250, 1e-5), (1.1, 256.0 / 60_000, 14_062, 1e-5), (0.7, 256.0 / 60_000, 10_546, 1e-5),
        (1.0, 0.1, 100, 1e-5), (1.0, 0.01, 1_000, 1e-5), (1.1, 1.0, 10, 1e-5), (0.6, 0.5, 7, 1e-6),
        (4.0, 0.3, 200, 1e-8),
    ])
    func `both tight accountants agree, and their bounds are in order`(
        noise: Double, probability: Double, rounds: Int, delta: Double
    ) throws {
        let run = try Self.run(noise, probability, rounds)
        let prv = try RandomVariableAccountant().epsilon(of: run, delta: delta)
        let pld = try LossDistributionAccountant().epsilon(of: run, delta: delta).upper
        #expect(abs(pld - prv.epsilon) < 0.01, "\(pld) and \(prv)")
        #expect(prv.lower ?? .infinity <= prv.epsilon && prv.epsilon <= prv.upper)
        #expect(prv.upper - (prv.lower ?? 0) < 0.025)
        // What never lies below the truth is above what never lies above it.
        #expect(prv.lower ?? .infinity <= pld)
        let rdp = try RenyiAccountant().epsilon(of: run, delta: delta).upper
        #expect(pld <= rdp)
    }

    /// dp-accounting's `pld_privacy_accountant_test`: one round and two of it, in closed form and by losses.
    @Test func `δ of three Gaussians and of three samples is dp-accounting's`() throws {
        var gaussians = try PrivacyComposition(.gaussian(noiseMultiplier: 3.squareRoot()))
        try gaussians.add(.gaussian(noiseMultiplier: 3.squareRoot()), times: 2)
        #expect(abs(try LossDistributionAccountant().delta(of: gaussians, epsilon: 1) - 0.126936) < 1e-6)
        #expect(abs(try LossDistributionAccountant().epsilon(of: gaussians, delta: 0.126936).upper - 1) < 1e-5)
        let samples = try Self.run(0.5, 0.2, 3)
        #expect(abs(try LossDistributionAccountant().delta(of: samples, epsilon: 1) - 0.15594) < 1e-4)
        #expect(abs(try LossDistributionAccountant().epsilon(of: samples, delta: 0.15594).upper - 1) < 1e-3)
        let bound = try RandomVariableAccountant().delta(of: samples, epsilon: 1)
        #expect(bound > 0.15594 && bound < 0.157)
    }

    /// dp-accounting's `privacy_loss_mechanism_test`: σ, q, ε and δ of one release, the larger of both directions by its exact formula.
    @Test(arguments: [(1.0, 1.0, 1.0, 0.12693674), (1.0 / 3, 1.0, 1.0, 0.78760074), (1.0, 1.0, 2.0, 0.02092364)])
    func `δ of one Gaussian is exact`(noise: Double, probability: Double, epsilon: Double, expected: Double) throws {
        #expect(abs(GaussianHockeyStick.delta(epsilon: epsilon, noiseMultiplier: noise) - expected) < 1e-8)
    }

    /// One sampled release in closed form: with e^ε' = 1 + (e^ε − 1)/q the Gaussian's δ(ε') times q (B. Balle, G. Barthe, M. Gaboardi,
    /// *Privacy Amplification by Subsampling*, NeurIPS 2018, theorem 8).
    @Test(arguments: [(0.7, 0.01, 0.5), (1.0, 0.2, 1.0), (2.0, 0.5, 0.1), (0.4, 0.05, 3.0)])
    func `δ of one sampled Gaussian is that of amplification`(noise: Double, probability: Double, epsilon: Double)
        throws
    {
        let inner = log1p(expm1(epsilon) / probability)
        let expected = probability * GaussianHockeyStick.delta(epsilon: inner, noiseMultiplier: noise)
        let found = try LossDistributionAccountant().delta(of: Self.run(noise, probability, 1), epsilon: epsilon)
        #expect(found >= expected * (1 - 1e-9))
        #expect(found < expected * 1.001 + 1e-14, "\(found), not \(expected)")
    }

    @Test func `different rounds compose in any order, and equal ones are their count`() throws {
        let rounds: [PrivacyEvent] = [
            .sampledGaussian(noiseMultiplier: 1.1, probability: 0.02),
            .sampledGaussian(noiseMultiplier: 0.9, probability: 0.05),
            .gaussian(noiseMultiplier: 20),
        ]
        let one = try PrivacyComposition(.composed([rounds[0], rounds[1], rounds[2], rounds[0]]), times: 10)
        var other = PrivacyComposition()
        for _ in 0..<10 {
            for round in rounds.reversed() { try other.add(round) }
            try other.add(rounds[0])
        }
        #expect(one == other)
        for kind in PrivacyAccountantKind.allCases {
            let (a, b) = (
                try kind.accountant.epsilon(of: one, delta: 1e-5).upper,
                try kind.accountant.epsilon(of: other, delta: 1e-5).upper
            )
            #expect(abs(a - b) < 1e-6, "\(kind)")
        }
        // A mixed composition costs more than its dearest part alone, and less than all as if they were that part.
        let mixed = try LossDistributionAccountant().epsilon(of: one, delta: 1e-5).upper
        let dearest = try LossDistributionAccountant().epsilon(of: Self.run(0.9, 0.05, 10), delta: 1e-5).upper
        #expect(mixed > dearest)
        #expect(abs(mixed - (try RandomVariableAccountant().epsilon(of: one, delta: 1e-5).epsilon)) < 0.01)
    }

    /// By convolution: beside the bound of one discrete Gaussian, by how much several differ from one.
    @Test(arguments: [(0.6, 2), (0.7, 3), (1, 4)])
    func `the sum of parties' noise is as near to one discrete Gaussian as is counted`(sigma: Double, parties: Int) {
        let reach = 60
        func gaussian(_ square: Double) -> [Double] {
            let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * square)) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        var sum = gaussian(sigma * sigma)
        for _ in 1..<parties {
            let (left, right) = (sum, gaussian(sigma * sigma))
            sum = (-reach...reach).map { x in
                (max(-reach, x - reach)...min(reach, x + reach)).reduce(0.0) {
                    $0 + left[$1 + reach] * right[x - $1 + reach]
                }
            }
        }
        let one = gaussian(sigma * sigma * Double(parties))
        let farthest = (-12...12).map { abs(log(sum[$0 + reach] / one[$0 + reach])) }.max() ?? 0
        func distance(_ steps: Double, _ parties: Int) -> Double {
            DiscreteGaussianNoise(noiseMultiplier: 1, stepsPerParty: steps, parties: parties, dimension: 1)
                .logDistanceFromRounded
        }
        let bound = distance(sigma, parties) - distance(sigma * Double(parties).squareRoot(), 1)
        #expect(farthest > 0 && farthest <= bound && bound < 1_000 * farthest)
    }

    @Test func `fine noise on whole numbers is a Gaussian's, coarse noise has a Rényi bound only`() throws {
        func event(_ steps: Double, parties: Int = 1) -> PrivacyEvent {
            .poissonSampled(
                probability: 0.1,
                .discreteGaussian(
                    DiscreteGaussianNoise(
                        noiseMultiplier: 1, stepsPerParty: steps, parties: parties, dimension: 200_000)))
        }
        let plain = try Self.run(1, 0.1, 100)
        let fine = try PrivacyComposition(event(1e9), times: 100)
        let coarse = try PrivacyComposition(event(10), times: 100)
        let pld = LossDistributionAccountant()
        #expect(try pld.epsilon(of: fine, delta: 1e-5).upper >= pld.epsilon(of: plain, delta: 1e-5).upper)
        #expect(abs(try pld.epsilon(of: fine, delta: 1e-5).upper - pld.epsilon(of: plain, delta: 1e-5).upper) < 1e-6)
        #expect(throws: ConfigurationError.self) { try pld.epsilon(of: coarse, delta: 1e-5) }
        let rdp = RenyiAccountant()
        #expect(try rdp.epsilon(of: coarse, delta: 1e-5) == rdp.epsilon(of: plain, delta: 1e-5))
        // Ten parties with fine shares are one; with shares of half a step they are not: τ = 10 Σ exp(−2π²σ²k/(k+1)).
        let shares = DiscreteGaussianNoise(noiseMultiplier: 1, stepsPerParty: 30, parties: 10, dimension: 200_000)
        #expect(abs(shares.gaussianNoiseMultiplier - 1) < 1e-12)
        let pieces = try PrivacyComposition(event(1e8, parties: 100), times: 100)
        #expect(try pld.epsilon(of: pieces, delta: 1e-5).upper == pld.epsilon(of: fine, delta: 1e-5).upper)
        #expect(throws: ConfigurationError.self) {
            try pld.epsilon(of: PrivacyComposition(event(0.7, parties: 100), times: 1), delta: 1e-5)
        }
        let few = DiscreteGaussianNoise(noiseMultiplier: 1, stepsPerParty: 1, parties: 2, dimension: 100)
        let gap = 10 * exp(-Double.pi * Double.pi)
        #expect(abs(1 / few.gaussianNoiseMultiplier - (1 + gap * 10)) < 1e-12)
    }
}
