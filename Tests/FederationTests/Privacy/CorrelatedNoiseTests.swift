import FedCore
import Foundation
import Privacy
import Recording
import Selection
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Noise that hangs together over rounds, against the matrices that it stands for.
@Suite struct CorrelatedNoiseTests {
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        CentralPrivacyTests.settings {
            ($0.privacy, $0.selection, $0.clients, $0.clientFraction) = (.ftrl, "cyclic", 12, 0.25)
            ($0.rounds, $0.clip, $0.noise) = (6, 0.5, 1)
            change(&$0)
        }
    }

    private static let key: NoiseKey? = try? NoiseKey(settings())

    /// Variances of the rows' prefix sums in units of σ².
    private static func variances(_ rows: [[Int64]], sigma: Double) -> [Double] {
        var prefix = [Int64](repeating: 0, count: rows[0].count)
        return rows.map { row in
            for i in row.indices { prefix[i] += row[i] }
            return prefix.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(prefix.count) / (sigma * sigma)
        }
    }

    /// As many nodes as the round has binary digits that are 1, and a new tree after the epoch.
    @Test func `Prefix sums have the noise of the tree's nodes`() throws {
        let (sigma, count) = (1 << 20 as UInt64, 4_000)
        let tree = TreeNoise(epoch: 8, sigma: sigma, try #require(Self.key))
        let found = Self.variances((1...11).map { tree.increment($0, count: count) }, sigma: Double(sigma))
        // Behind the first tree its last prefix stays.
        for (variance, nodes) in zip(found, [1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3] as [Double]) {
            #expect(abs(variance / nodes - 1) < 5 * (2 / Double(count)).squareRoot(), "\(found)")
        }
    }

    /// 1, ½, ⅜, 5⁄16 are the coefficients of (1 − x)^(−½); the norm of the first four is √1.48828125.
    @Test func `The factor is the square root of the prefix sums, cut after the band`() {
        let factor = BandedFactor(bands: 4)
        #expect(factor.coefficients == [1024, 512, 384, 320])
        #expect(abs(factor.norm - 1.48828125.squareRoot()) < 1e-12)
        for bands in BandedFactor.bands {
            let coefficients = BandedFactor(bands: bands).coefficients
            #expect(
                zip(coefficients, coefficients.dropFirst()).allSatisfy { $0 > $1 } && coefficients.allSatisfy { $0 > 0 }
            )
        }
    }

    /// C z = ζ to the rounding of a point, with ζ drawn anew: and the variance of prefix sums is that of A C⁻¹.
    @Test(arguments: [1, 2, 4, 8]) func `A row and those before it make the fresh noise`(bands: Int) throws {
        let factor = BandedFactor(bands: bands)
        let (sigma, count, rounds) = (1 << 31 as UInt64, 1_500, 10)
        var noise = BandedNoise(factor, sigma: sigma, count: count, try #require(Self.key))
        let rows = (1...rounds).map { noise.noise(ofRound: $0) }
        let gaussian = DiscreteGaussian(sigma: sigma)
        for round in 1...rounds {
            var stream = try #require(Self.key).stream(.server, RoundID(round))
            for i in 0..<count {
                let mixed = factor.coefficients.indices.filter { $0 < round }.reduce(Int64(0)) {
                    $0 + factor.coefficients[$1] * rows[round - 1 - $1][i]
                }
                #expect(abs(mixed - gaussian.sample(&stream)) <= 512)
            }
        }
        // Row by row, A C⁻¹ by solving C zⱼ = eⱼ.
        let c = factor.coefficients.map { Double($0) / 1024 }
        var inverse = [Double](repeating: 0, count: rounds)
        for t in 0..<rounds {
            inverse[t] = (t == 0 ? 1 : 0) - (1..<c.count).reduce(0) { $0 + ($1 <= t ? c[$1] * inverse[t - $1] : 0) }
        }
        let found = Self.variances(rows, sigma: Double(sigma) / 1024)
        for t in 0..<rounds {
            let expected = (0...t).reduce(0.0) { sum, j in
                let element = (0...t - j).reduce(0) { $0 + inverse[$1] }
                return sum + element * element
            }
            #expect(abs(found[t] / expected - 1) < 6 * (2 / Double(count)).squareRoot())
        }
        // After a resume the rows are drawn again.
        var again = BandedNoise(factor, sigma: sigma, count: count, try #require(Self.key))
        #expect(again.noise(ofRound: rounds) == rows[rounds - 1] && again.noise(ofRound: 2) == rows[1])
    }

    /// dp-accounting's tree event: ⌈log₂(n + 1)⌉ Gaussians; after an epoch a further tree.
    @Test func `A tree costs as many Gaussians as it has levels, a band one for each turn`() throws {
        let settings = Self.settings { ($0.clients, $0.clientFraction) = (100, 0.1) }
        func epsilon(_ rounds: Int, _ change: (inout RunSettings) -> Void = { _ in }) throws -> Double {
            var settings = settings
            change(&settings)
            let account = try #require(try PrivacyTerms(settings, floats: 100)).account
            return try account.epsilon(2, delta: 1e-5, rounds: rounds)
        }
        func gaussians(_ count: Int) throws -> Double {
            try PrivacyAccountantKind.pld.accountant.epsilon(
                of: PrivacyComposition(.gaussian(noiseMultiplier: 2), times: count, under: .zeroOutOne), delta: 1e-5
            ).upper
        }
        // Epochs of ten rounds, of four levels.
        for (rounds, levels) in [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (10, 4), (11, 5), (20, 8), (23, 10)] {
            #expect(abs(try epsilon(rounds) - gaussians(levels)) < 1e-6, "\(rounds) rounds")
        }
        for (rounds, turns) in [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)] {
            let found = try epsilon(rounds) { ($0.ftrlFactor, $0.ftrlBand) = (.banded, 8) }
            #expect(abs(found - (try gaussians(turns))) < 1e-6, "\(rounds) rounds")
        }
        let tree = try PrivacyAccountantKind.pld.accountant.epsilon(
            of: PrivacyComposition(.tree(noiseMultiplier: 2, steps: 10), times: 2, under: .zeroOutOne), delta: 1e-5)
        #expect(abs(try epsilon(20) - tree.upper) < 1e-6)
    }

    /// σ of ζ is z · ‖c‖ · C in steps that are 2¹⁰ times finer than the updates'.
    @Test func `The noise is that of the sensitivity`() throws {
        let tree = try #require(try PrivacyTerms(Self.settings(), floats: 10))
        #expect(tree.lattice.grid == 0x1p-21 && tree.account.sigma(1) == 0x1p20)
        let banded = try #require(
            try PrivacyTerms(Self.settings { ($0.ftrlFactor, $0.ftrlBand) = (.banded, 2) }, floats: 10))
        // C = ½ is 2¹⁶ steps; ‖(1, ½)‖ = √1.25.
        #expect(banded.lattice.grid == 0x1p-17)
        #expect(banded.account.sigma(3) == (3 * 1.25.squareRoot() * 0x1p26).rounded(.up))
    }

    @Test func `A noise of more than 28 bits has its deviation`() throws {
        var stream = try #require(Self.key).stream(.node, RoundID(77))
        let (sigma, count) = (1 << 36 as UInt64, 10_000)
        let gaussian = DiscreteGaussian(sigma: sigma)
        let values = (0..<count).map { _ in Double(gaussian.sample(&stream)) / Double(sigma) }
        let variance = values.reduce(0) { $0 + $1 * $1 } / Double(count)
        #expect(abs(variance - 1) < 5 * (2 / Double(count)).squareRoot())
        #expect(abs(values.reduce(0, +)) < 5 * Double(count).squareRoot())
        let within = Double(values.count { abs($0) <= 1 }) / Double(count)
        #expect(abs(within - 0.682689) < 5 * (0.6827 * 0.3173 / Double(count)).squareRoot())
    }

    @Test func `Nobody is asked twice in as many rounds as there are cohorts`() throws {
        for (clients, size) in [(12, 3), (10, 3), (7, 7), (100, 9)] {
            let view = FederationView(samples: [Int](repeating: 1, count: clients), seed: 3)
            let rule = Cyclic()
            var last: [Int: Int] = [:]
            for round in 1...60 {
                for client in rule.cohort(size: size, round: round, attempt: 0, federation: view) {
                    if let before = last[client] { #expect(round - before >= clients / size) }
                    last[client] = round
                }
            }
            #expect(last.count == clients)
        }
    }

    @Test(.tags(.wholeRun), .unlessQuick, arguments: [RunSettings.FtrlFactor.tree, .banded])
    func `Weights are the same at any number of ranks, and after a resume`(factor: RunSettings.FtrlFactor) throws {
        let settings = Self.settings { $0.ftrlFactor = factor }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        #expect(try StrategyRunTests.run(settings, ranks: 3).digest == alone.digest)
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[4]))).state
        #expect(try StrategyRunTests.run(settings, ranks: 2, from: state).digest == alone.digest)
        let spent = alone.states.compactMap { $0.last?.metrics["epsilon"] }
        #expect(spent.count == 6 && spent == spent.sorted())
    }

    @Test(.tags(.wholeRun), .unlessQuick) func `A run goes on with its key alone`() throws {
        try StrategyRunTests.withFolder { folder in
            let keyed = Self.settings { ($0.noiseSource, $0.noiseKey) = (.system, folder + "/key") }
            let whole = try StrategyRunTests.run(keyed, ranks: 1)
            #expect(try StrategyRunTests.run(keyed, ranks: 2, from: whole.states[2]).digest == whole.digest)
            try FileManager.default.removeItem(atPath: folder + "/key")
            #expect(throws: (any Error).self) { try StrategyRunTests.run(keyed, ranks: 1, from: whole.states[2]) }
            let forgotten = Self.settings { $0.noiseSource = .system }
            let run = try StrategyRunTests.run(forgotten, ranks: 1)
            #expect(throws: (any Error).self) { try StrategyRunTests.run(forgotten, ranks: 1, from: run.states[2]) }
        }
    }

    private static let refused: [(String, @Sendable (inout RunSettings) -> Void)] = [
        ("drawn cohorts", { $0.selection = "uniform" }), ("Poisson cohorts", { $0.selection = "poisson" }),
        ("clips that adapt", { $0.clipping = .adaptive }),
        ("bands past an epoch", { ($0.ftrlFactor, $0.ftrlBand) = (.banded, 5) }),
        ("cyclic cohorts for central", { $0.privacy = .central }), ("bands of a tree", { $0.ftrlBand = 2 }),
    ]

    @Test(arguments: refused.map(\.0)) func `What would void the promise is refused by one line`(name: String) throws {
        let change = try #require(Self.refused.first { $0.0 == name }).1
        let error = #expect(throws: ConfigurationError.self) { _ = try Job(Self.settings(change)).settings }
        #expect(error.map { !"\($0)".contains("\n") } ?? false)
    }
}
