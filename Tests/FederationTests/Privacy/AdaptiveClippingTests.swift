import FedCore
import Foundation
import Privacy
import Recording
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// The clip that follows a quantile, against the paper's formulas and TensorFlow Privacy's figures.
@Suite struct AdaptiveClippingTests {
    private static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        CentralPrivacyTests.settings {
            ($0.clients, $0.clipping, $0.noise) = (60, .adaptive, 1)
            change(&$0)
        }
    }

    /// Andrew et al. 2021, theorem 1, by hand: σ_b = 5, (1 − 1/100)^(−½).
    @Test func `Noise of the updates makes up for that of the count`() throws {
        let clipping = AdaptiveClipping(quantile: 0.5, rate: 0.2, expected: 100)
        #expect(clipping.countNoise == 5)
        #expect(abs(try #require(clipping.updateNoise(1)) - 1.005038) < 1e-6)
        #expect(clipping.updateNoise(10) == nil && clipping.updateNoise(9.99) != nil)
    }

    /// TensorFlow Privacy, quantile_adaptive_clip_sum_query_test.py, `test_target_zero_geometric`: two records a step, of
    /// 5 and 2.5.
    @Test func `Without noise the clip takes the steps of TensorFlow Privacy's test`() {
        let clipping = AdaptiveClipping(quantile: 0, rate: log(2), expected: 2)
        var (clip, clips) = (16.0, [Double]())
        for _ in 0..<5 {
            clip = clipping.next(clip, share: Double([5, 2.5].count { $0 <= clip }) / 2)
            clips.append(clip)
        }
        for (found, expected) in zip(clips, [8, 4, 4 / 2.0.squareRoot(), 2, 2]) {
            #expect(abs(found / expected - 1) < 1e-12)
        }
        let up = AdaptiveClipping(quantile: 1, rate: log(2), expected: 2)
        #expect(abs(up.next(3, share: 0) / 6 - 1) < 1e-12)
        #expect(up.next(900, share: 0) == 1000 && clipping.next(0.0015, share: 1) == 0.001)
    }

    /// dp-accounting's PLD of a hundred rounds of a tenth at z = 1 is 7.046603, with the noise split as without.
    @Test func `Updates and count together cost what z costs`() throws {
        let settings = Self.settings { ($0.clients, $0.clientFraction) = (1_000, 0.1) }
        let terms = try #require(try PrivacyTerms(settings, floats: 7_850))
        #expect(abs(try terms.account.epsilon(1, delta: 1e-5, rounds: 100) - 7.046603) < 0.01)
        // Each alone, as accountants see it: 1/z² = 1/z_Δ² + 1/(2σ_b)².
        let composition = try PrivacyComposition(terms.account.event(1, rounds: 1), under: .addOrRemoveOne)
        #expect(composition.terms.count == 1 && abs(composition.terms[0].part.noiseMultiplier - 1) < 1e-9)
        #expect(terms.account.sigma(1) >= 1.005038 * 0x1p20 && terms.account.sigma(1) < 1.00504 * 0x1p20)
    }

    @Test func `A client says by a half whether its update is below the clip of the round`() throws {
        let stage = try #require(try Job(Self.settings()).stages.first { $0 is UpdateClipping } as? UpdateClipping)
        func message(_ value: Float, clip: Float) throws -> [Float] {
            var stage = stage
            var (message, state) = ([Float](repeating: value, count: 7_850) + [9], [Float]())
            var span = message.mutableSpan
            var none = state.mutableSpan
            stage.onClient(
                &span, state: &none, in: ClientTurn(client: 0, round: 2, samples: 1, seed: 1, clip: clip))
            return message
        }
        // 0.01 · √7850 = 0.886.
        let (below, above) = (try message(0.01, clip: 0.9), try message(0.01, clip: 0.88))
        #expect(below.last == 0.5 && above.last == -0.5)
        #expect(abs(below[0] - 0.01) < 1e-6)
        let norm = above.dropLast().reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(norm <= 0.88 && norm > 0.879)
    }

    /// Noise of the count alone moves the clip where nobody comes: b̄ = ½ + N(0, σ_b²) / expected, of deviation 1/20.
    @Test func `The count has noise of a twentieth of the expected clients`() throws {
        let settings = Self.settings { ($0.clients, $0.clipRate) = (12, 1) }
        let terms = try #require(try PrivacyTerms(settings.with { $0.noise = 0.1 }, floats: 3))
        let key = try NoiseKey(settings)
        var noise = ServerNoise(terms, key)
        let count = 4_000
        var squares = 0.0
        for round in 1...count {
            var sum = UpdateSum(UpdateShape(plain: 4), totalWeight: 12)
            noise.add(to: &sum, RoundID(round), terms.lattice)
            let mean = sum.withMeanInPlace(dividedBy: terms.expected) { $0[3] }
            squares += Double(mean) * Double(mean)
        }
        #expect(abs(squares / Double(count) * 400 - 1) < 5 * (2 / Double(count)).squareRoot())
    }

    @Test(.tags(.wholeRun), .unlessQuick, arguments: ["gatherv", "reduce"])
    func `The clip and the weights are the same at any number of ranks, and after a resume`(wire: String) throws {
        let settings = Self.settings { ($0.wire, $0.rounds, $0.clip, $0.clipQuantile) = (wire, 4, 0.05, 0.9) }
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        let clips = alone.states.compactMap { $0.last?.metrics["clip"] }
        // All are above at the beginning: C grows by exp(0.2 · 0.9) and noise.
        #expect(clips.count == 4 && clips[0] == 0.05)
        #expect(abs(clips[1] / 0.05 - exp(0.18)) < 0.06)
        for ranks in [2, 3] {
            let other = try StrategyRunTests.run(settings, ranks: ranks)
            #expect(other.digest == alone.digest && other.states.compactMap { $0.last?.metrics["clip"] } == clips)
        }
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[1]))).state
        let resumed = try StrategyRunTests.run(settings, ranks: 2, from: state)
        #expect(resumed.digest == alone.digest)
        #expect(resumed.states.compactMap { $0.last?.metrics["clip"] } == Array(clips.dropFirst(2)))
    }

    @Test func `A count of few clients, and a clip out of reach, are refused`() throws {
        for change: (inout RunSettings) -> Void in [
            { $0.clients = 12 }, { $0.clip = 0.0005 }, { $0.clip = 1001 }, { $0.noise = 3.1 },
        ] {
            #expect(throws: ConfigurationError.self) { _ = try Job(Self.settings(change)) }
        }
    }
}

extension RunSettings {
    fileprivate func with(_ change: (inout RunSettings) -> Void) -> RunSettings {
        var settings = self
        change(&settings)
        return settings
    }
}
