import FedCore
import Foundation
import Privacy
import Testing

/// What must hold whatever the numbers are.
struct PropertyTests {
    private func epsilon(
        _ kind: PrivacyAccountantKind, _ noise: Double, _ probability: Double, _ rounds: Int, _ delta: Double
    ) throws -> Double {
        let event = PrivacyEvent.sampledGaussian(noiseMultiplier: noise, probability: probability)
        return try kind.accountant.epsilon(of: PrivacyComposition(event, times: rounds), delta: delta).epsilon
    }

    /// A grid is chosen for each question, so ε may differ in its fifth digit for that alone; steps here are far larger.
    @Test(arguments: PrivacyAccountantKind.allCases)
    func `ε falls with σ and δ and rises with q and T`(kind: PrivacyAccountantKind) throws {
        var random = RandomStream(seed: 7, .initialization)
        for _ in 0..<12 {
            let noise = 0.5 + 3 * random.uniformDouble()
            let probability = pow(10, -3 * random.uniformDouble())
            let rounds = 1 + Int(random.uniformDouble() * 500)
            let delta = pow(10, -3 - 6 * random.uniformDouble())
            let here = try epsilon(kind, noise, probability, rounds, delta)
            let label: Testing.Comment = "\(kind), σ \(noise), q \(probability), T \(rounds), δ \(delta), ε \(here)"
            #expect(here >= 0 && here < .infinity, label)
            #expect(try epsilon(kind, noise * 1.1, probability, rounds, delta) <= here, label)
            #expect(try epsilon(kind, noise, probability, rounds, delta * 2) <= here, label)
            #expect(try epsilon(kind, noise, min(1, probability * 1.2), rounds, delta) >= here, label)
            #expect(try epsilon(kind, noise, probability, rounds + 1 + rounds / 5, delta) >= here, label)
        }
    }

    @Test func `divergences add up over composition, and δ and ε undo one another`() throws {
        let rounds: [PrivacyEvent] = [
            .sampledGaussian(noiseMultiplier: 1, probability: 0.01), .gaussian(noiseMultiplier: 8),
            .sampledGaussian(noiseMultiplier: 2, probability: 0.2),
        ]
        var sum = RenyiCurve()
        for round in rounds { sum.add(RenyiCurve(try PrivacyComposition(round)), times: 5) }
        let all = RenyiCurve(try PrivacyComposition(.composed(rounds), times: 5))
        for (one, other) in zip(sum.divergences, all.divergences) { #expect(abs(one - other) <= 1e-12 * one) }
        for kind in [PrivacyAccountantKind.rdp, .pld] {
            let composition = try PrivacyComposition(.composed(rounds), times: 5)
            let epsilon = try kind.accountant.epsilon(of: composition, delta: 1e-5).upper
            #expect(abs(try kind.accountant.delta(of: composition, epsilon: epsilon) / 1e-5 - 1) < 1e-2, "\(kind)")
        }
    }

    @Test func `nothing costs nothing`() throws {
        for kind in PrivacyAccountantKind.allCases {
            #expect(try kind.accountant.epsilon(of: PrivacyComposition(), delta: 1e-5).upper == 0)
            #expect(
                try kind.accountant.epsilon(
                    of: PrivacyComposition(.poissonSampled(probability: 0, .gaussian(noiseMultiplier: 1))), delta: 1e-5
                )
                .upper == 0)
        }
    }

    @Test(arguments: [
        (PrivacyEvent.gaussian(noiseMultiplier: 0), NeighbouringRelation.addOrRemoveOne),
        (.gaussian(noiseMultiplier: .nan), .addOrRemoveOne), (.gaussian(noiseMultiplier: -1), .addOrRemoveOne),
        (.sampledGaussian(noiseMultiplier: 1, probability: 1.5), .addOrRemoveOne),
        (.sampledGaussian(noiseMultiplier: 1, probability: .nan), .addOrRemoveOne),
        (.sampledGaussian(noiseMultiplier: 1, probability: 0.5), .replaceOne),
        (.fixedSampled(size: 5, population: 10, .gaussian(noiseMultiplier: 1)), .addOrRemoveOne),
        (.fixedSampled(size: 11, population: 10, .gaussian(noiseMultiplier: 1)), .replaceOne),
        (.tree(noiseMultiplier: 1, steps: 4), .addOrRemoveOne), (.tree(noiseMultiplier: 1, steps: 0), .zeroOutOne),
        (.poissonSampled(probability: 0.5, .tree(noiseMultiplier: 1, steps: 4)), .zeroOutOne),
        (.poissonSampled(probability: 0.5, .sampledGaussian(noiseMultiplier: 1, probability: 0.5)), .addOrRemoveOne),
        (.repeated(.gaussian(noiseMultiplier: 1), times: -1), .addOrRemoveOne),
        (.repeated(.repeated(.gaussian(noiseMultiplier: 1), times: 1 << 40), times: 1 << 40), .addOrRemoveOne),
    ])
    func `what has no guarantee is refused`(event: PrivacyEvent, relation: NeighbouringRelation) {
        #expect(throws: ConfigurationError.self) { try PrivacyComposition(event, under: relation) }
    }

    @Test(arguments: [0.0, 1, -0.1, .nan, .infinity])
    func `a δ outside of (0, 1) is refused`(delta: Double) {
        for kind in PrivacyAccountantKind.allCases {
            #expect(throws: ConfigurationError.self) {
                try kind.accountant.epsilon(of: PrivacyComposition(.gaussian(noiseMultiplier: 1)), delta: delta)
            }
        }
    }
}
