import FedCore
import Foundation
import Privacy
import Testing

/// Lower bounds from attacks, against hand-made cases, scipy, and the program of the paper's appendix.
struct AuditTests {
    /// Twenty right guesses of twenty refute every e^ε/(1 + e^ε) whose 20th power is below 0.05.
    @Test func `all guesses right is the bound by hand`() throws {
        let found = try PrivacyAudit.epsilon(PrivacyAudit.Guesses(right: 20, made: 20, canaries: 100), delta: 0)
        let probability = pow(0.05, 1.0 / 20)
        #expect(abs(found - log(probability / (1 - probability))) < 1e-9, "\(found)")
    }

    /// Steinke, Nasr, Jagielski 2023, appendix D, run in Python.
    @Test(arguments: [
        (1_000, 100, 95, 1e-5, 2.165175799714052), (1_000, 1_000, 600, 1e-5, 0.29722695371877517),
        (5_000, 400, 400, 1e-5, 4.753624645983953), (1_000, 200, 190, 1e-3, 1.4079949372531566),
        (1_000, 100, 52, 1e-5, 0.0),
    ])
    func `one run shows what the paper's program says`(
        canaries: Int, made: Int, right: Int, delta: Double, expected: Double
    ) throws {
        let guesses = try PrivacyAudit.Guesses(right: right, made: made, canaries: canaries)
        #expect(abs(try PrivacyAudit.epsilon(guesses, delta: delta) - expected) < 1e-6)
    }

    /// scipy.stats.beta; of none in 100 it is 1 − 0.025^{1/100} by hand.
    @Test(arguments: [
        (0, 100, 0.025, 0.03621669264517641), (5, 100, 0.025, 0.11283491110546275), (37, 100, 0.05, 0.4565659065200735),
        (99, 100, 0.01, 0.9998995016917583), (100, 100, 0.01, 1.0),
    ])
    func `counts bound a probability as scipy's beta does`(successes: Int, trials: Int, error: Double, expected: Double)
        throws
    {
        let found = try ClopperPearson.upper(successes: successes, trials: trials, error: error)
        #expect(abs(found - expected) < 1e-9, "\(found)")
        let mirrored = try ClopperPearson.lower(successes: trials - successes, trials: trials, error: error)
        #expect(abs(1 - found - mirrored) < 1e-12)
    }

    /// By scipy.
    @Test(arguments: [
        (500, 0, 1e-5, 0.05, 4.905584135932779), (300, 100, 1e-5, 0.05, 0.8485842244127944),
        (480, 250, 1e-5, 0.1, 2.0827302461869617), (250, 250, 1e-5, 0.05, 0.0),
    ])
    func `two sets of runs show what their rates allow`(
        found: Int, falsely: Int, delta: Double, error: Double, expected: Double
    ) throws {
        let epsilon = try PrivacyAudit.epsilon(
            truePositives: found, of: 500, falsePositives: falsely, of: 500, delta: delta, error: error)
        #expect(abs(epsilon - expected) < 1e-8, "\(epsilon)")
    }

    @Test func `guesses take the highest and the lowest, and ties count against the guesser`() throws {
        let guesses = try PrivacyAudit.Guesses(
            included: [9, 8, 1, 5], excluded: [7, 2, 0, .nan], highest: 3, lowest: 3)
        // In: 9, 8, 7, of which two are right; out: NaN, 0, 1, of which two are.
        #expect(guesses.right == 4 && guesses.made == 6 && guesses.canaries == 8)
        let equal = [Double](repeating: 1, count: 50)
        #expect(try PrivacyAudit.Guesses(included: equal, excluded: equal, highest: 50, lowest: 50).right == 0)
    }

    /// The mechanism itself as the attacked run: each of 2,000 canaries is 1 or 0, plus noise. What has less noise than it says is
    /// caught, what has as much is not.
    @Test func `noise far below what is claimed is caught, and honest noise is not`() throws {
        func audit(_ noise: Double) throws -> Double {
            var random = RandomStream(seed: 11, .initialization)
            var included: [Double] = []
            var excluded: [Double] = []
            for _ in 0..<2_000 {
                let isIn = random.uniformDouble() < 0.5
                let score = (isIn ? 1 : 0) + noise * random.normal()
                if isIn { included.append(score) } else { excluded.append(score) }
            }
            let guesses = try PrivacyAudit.Guesses(included: included, excluded: excluded, highest: 60, lowest: 60)
            return try PrivacyAudit.epsilon(guesses, delta: 1e-6)
        }
        // What σ = 2 costs each canary; all of them are independent, so that one run is two thousand.
        let claimed = GaussianHockeyStick.epsilon(delta: 1e-6, noiseMultiplier: 2)
        #expect(try audit(2) > 0.3)
        #expect(try audit(2) < claimed)
        #expect(try audit(0.35) > claimed)
    }

    @Test func `counts that cannot be are refused`() {
        #expect(throws: ConfigurationError.self) { try PrivacyAudit.Guesses(right: 3, made: 2, canaries: 5) }
        #expect(throws: ConfigurationError.self) { try PrivacyAudit.Guesses(right: 1, made: 6, canaries: 5) }
        #expect(throws: ConfigurationError.self) { try ClopperPearson.upper(successes: 3, trials: 2, error: 0.1) }
        #expect(throws: ConfigurationError.self) { try ClopperPearson.upper(successes: 1, trials: 2, error: 0) }
        #expect(throws: ConfigurationError.self) {
            try PrivacyAudit.Guesses(included: [1], excluded: [2], highest: 2, lowest: 1)
        }
    }
}

/// Bounds by whole privacy curves.
struct TradeOffTests {
    private static func curve(_ noise: Double) throws -> TradeOffCurve {
        try TradeOffCurve(PrivacyComposition(.gaussian(noiseMultiplier: noise)))
    }

    /// f of a Gaussian in closed form: Φ(Φ⁻¹(y) − μ).
    @Test func `the curve of a Gaussian is Φ(z − μ), from below and closely`() throws {
        for mu in [0.5, 1, 2] {
            let curve = try Self.curve(1 / mu)
            for z in stride(from: -2.5, through: 3, by: 0.25) {
                func normal(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
                let (found, exact) = (curve.least(where: normal(z)), normal(z - mu))
                #expect(found <= exact * (1 + 1e-9) && found >= exact * 0.985 - 1e-9, "\(mu) \(z): \(found), \(exact)")
            }
            #expect(abs(curve.bestGuess - erfc(-mu / 2 / 2.0.squareRoot()) / 2) < 1e-12)
        }
    }

    /// The recursion of arXiv 2410.22235, algorithm 3, run in Python with scipy's normal distribution: the largest μ that is
    /// refuted at 0.05.
    @Test(
        arguments: [
            (200, 200, 150, 0.441437), (200, 50, 48, 0.834446), (1000, 250, 230, 0.798588), (400, 100, 80, 0.413933),
        ] as [(Int, Int, Int, Double)])
    func `one run refutes what the recursion with exact Gaussians does`(
        canaries: Int, made: Int, right: Int, mu: Double
    ) throws {
        let guesses = try PrivacyAudit.Guesses(right: right, made: made, canaries: canaries)
        #expect(PrivacyAudit.refutes(try Self.curve(1 / (mu * 0.97)), by: guesses, error: 0.05))
        #expect(!PrivacyAudit.refutes(try Self.curve(1 / (mu * 1.002)), by: guesses, error: 0.05))
    }

    /// Of 200 guesses with a chance of Φ(½) = 0.6915 each, 150 or more come with less than 0.05: scipy.stats.binom.
    @Test func `independent guesses are refuted by a binomial`() throws {
        let curve = try Self.curve(1)
        func isRefuted(_ right: Int) throws -> Bool {
            PrivacyAudit.refutes(
                curve, byIndependent: try PrivacyAudit.Guesses(right: right, made: 200, canaries: 200), error: 0.05)
        }
        #expect(try isRefuted(150) && !isRefuted(150 - 1))
    }

    @Test func `a curve with sampling is that of its deltas`() throws {
        let composition = try PrivacyComposition(
            .poissonSampled(probability: 0.1, .gaussian(noiseMultiplier: 1)), times: 100)
        let accountant = LossDistributionAccountant()
        let epsilons = [0, 0.5, 1, 2, 4]
        for (epsilon, delta) in zip(epsilons, try accountant.deltas(of: composition, epsilons: epsilons)) {
            let single = try accountant.delta(of: composition, epsilon: epsilon)
            #expect(abs(delta / single - 1) < 2e-3, "\(epsilon): \(delta), \(single)")
        }
        #expect(throws: ConfigurationError.self) { try accountant.deltas(of: composition, epsilons: [-1]) }
    }
}
