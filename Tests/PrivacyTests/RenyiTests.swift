import FedCore
import Foundation
import Privacy
import Testing

/// Rényi divergences and what they become, against dp-accounting 0.6.0, its tests, mpmath and published figures.
struct RenyiTests {
    /// The ε of Poisson-sampled Gaussian noise.
    static func epsilon(
        _ noise: Double, _ probability: Double, _ rounds: Int, _ delta: Double,
        _ conversion: RenyiConversion = .improved
    ) throws -> Double {
        let composition = try PrivacyComposition(
            .sampledGaussian(noiseMultiplier: noise, probability: probability), times: rounds)
        return try RenyiAccountant(conversion: conversion).epsilon(of: composition, delta: delta).upper
    }

    /// dp-accounting 0.6.0, `RdpAccountant`, its usual orders. At fractional orders it adds the magnitudes of an alternating series, so
    /// it is up to 6·10⁻⁴ above; Opacus, which minds the signs, has 7.32911117 in its test.
    @Test(arguments: [
        (1.5, 0.04, 2_250, 1e-5, 7.329335), (1.1, 256.0 / 60_000, 14_062, 1e-5, 2.596556),
        (0.7, 256.0 / 60_000, 10_546, 1e-5, 6.319464), (1.3, 0.004, 3_750, 1e-5, 0.922049),
        (1.1, 0.004, 15_000, 1e-5, 2.502871), (0.7, 0.004, 11_250, 1e-5, 6.093729),
        (1.0, 0.001, 30_000, 1e-7, 1.4154988495), (1.0, 0.1, 100, 1e-5, 7.903850),
        (1.0, 0.01, 1_000, 1e-5, 2.101367), (1.1, 1.0, 10, 1e-5, 16.856678),
        (5.0, 0.01, 100, 1e-5, 0.072172626), (0.5, 0.2, 3, 1e-5, 13.113983), (0.7, 0.99, 20, 1e-6, 52.095360),
        // TensorFlow Privacy, compute_dp_sgd_privacy_lib_test: 1.2 epochs, whole or at 0.01, with microbatches at half the σ.
        (0.7, 1.0, 2, 1e-5, 10.8602036), (0.35, 1.0, 2, 1e-5, 26.2880374), (0.35, 0.01, 120, 1e-5, 22.5970358),
    ])
    func `ε of the improved conversion is dp-accounting's`(
        noise: Double, probability: Double, rounds: Int, delta: Double, expected: Double
    ) throws {
        let found = try Self.epsilon(noise, probability, rounds, delta)
        #expect(found < expected * (1 + 1e-6) && found > expected * (1 - 1e-3), "\(found)")
    }

    /// Opacus, `accountants_test.py`.
    @Test func `ε with signs is that of Opacus`() throws {
        #expect(abs(try Self.epsilon(1.5, 0.04, 2_250, 1e-5) - 7.32911117) < 1e-6)
    }

    /// TensorFlow Privacy's tutorials (3.01, 7.10) and Opacus' mnist_README (1.16, 2.91, 6.86), with more digits by the formula.
    @Test(arguments: [
        (1.1, 256.0 / 60_000, 14_062, 3.0083), (0.7, 256.0 / 60_000, 10_546, 7.1013), (1.3, 0.004, 3_750, 1.1597),
        (1.1, 0.004, 15_000, 2.9050), (0.7, 0.004, 11_250, 6.8596),
    ])
    func `ε of the classic conversion is that of the tutorials`(
        noise: Double, probability: Double, rounds: Int, expected: Double
    ) throws {
        let found = try Self.epsilon(noise, probability, rounds, 1e-5, .classic)
        #expect(found < expected * (1 + 1e-4) && found > expected * (1 - 1e-3), "\(found)")
    }

    /// dp-accounting's `rdp_privacy_accountant_test`.
    @Test func `divergences by order are those of dp-accounting's test`() throws {
        let composition = try PrivacyComposition(.sampledGaussian(noiseMultiplier: 2.5, probability: 0.01), times: 50)
        let curve = RenyiCurve(composition, orders: [1.5, 2.5, 5, 50, 100])
        // The first two by mpmath's quadrature: dp-accounting's are 3 % and 0.006 % above, for the reason above.
        let expected = [50 * 1.30014179437608e-5, 50 * 2.17083611383625e-5, 2.18075656e-3, 2.38460375e-2, 1.67416308e2]
        for (found, expected) in zip(curve.divergences, expected) {
            #expect(abs(found / expected - 1) < 1e-5, "\(found)")
        }
    }

    /// ln A by mpmath's quadrature of E[(μ/μ₀)^α] with 40 digits.
    @Test(arguments: [
        (1e-7, 0.1, 1.01, 4.0034123225264e-8), (1e-6, 0.1, 256.0, 3_260_463.22929716),
        (1e-5, 0.1, 256.1, 3_263_607.03978842), (1e-4, 1.0, 1.5, 6.44268695383665e-9),
        (1e-3, 1.0, 2.0, 1.71828035221452e-6), (0.01, 10.0, 20.0, 1.9129699912843e-4),
        (0.1, 100.0, 20.5, 1.99918184580683e-4), (0.99, 0.1, 256.0, 3_263_997.42711402),
        (0.999, 100.0, 256.1, 3.26010803797311), (256.0 / 60_000, 0.7, 4.5, 3.5 * 0.000418784422183674),
        (0.04, 1.5, 2.5, 1.5 * 0.00113280346647016), (0.1, 1.0, 2.3, 1.3 * 0.0207475761075338),
        (0.2, 0.5, 1.7, 0.7 * 0.646888745411756),
    ])
    func `hard points agree with quadrature`(probability: Double, noise: Double, order: Double, expected: Double) throws
    {
        let composition = try PrivacyComposition(.sampledGaussian(noiseMultiplier: noise, probability: probability))
        let found = RenyiCurve(composition, orders: [order]).divergences[0] * (order - 1)
        // Near 0 what is left of 1 + x is the rounding of 1.
        #expect(abs(found - expected) < 1e-13 + 1e-9 * expected, "\(found)")
    }

    /// The series needs more than a thousand terms here; what is left out is bounded. By quadrature, as above.
    @Test func `a series that ends slowly is bounded from above`() throws {
        let composition = try PrivacyComposition(.sampledGaussian(noiseMultiplier: 1, probability: 0.1))
        let found = RenyiCurve(composition, orders: [1.3]).divergences[0]
        #expect(found >= 0.00985879747306277 && found < 0.00985879747306277 * 1.0001, "\(found)")
    }

    /// Hand-made for dp-accounting: this σ gives (1, 10⁻⁶) when orders are fine.
    @Test func `with fine orders σ 4.530877117 is (1, 1e-6)`() throws {
        let orders = (1..<99_000).map { 1 + 0.001 * Double($0) }
        let accountant = RenyiAccountant(orders: orders)
        let composition = try PrivacyComposition(.gaussian(noiseMultiplier: 4.530877117))
        #expect(abs(try accountant.epsilon(of: composition, delta: 1e-6).upper - 1) < 1e-6)
        #expect(abs(try accountant.delta(of: composition, epsilon: 1) / 1e-6 - 1) < 1e-5)
    }

    /// dp-accounting 0.6.0 under REPLACE_ONE.
    @Test(arguments: [(10, 1_000, 1.0, 100, 1.482525669114427), (100, 1_000, 2.0, 50, 3.68029661505728)])
    func `samples of a fixed size are bounded as by dp-accounting`(
        size: Int, population: Int, noise: Double, rounds: Int, expected: Double
    ) throws {
        let composition = try PrivacyComposition(
            .fixedSampled(size: size, population: population, .gaussian(noiseMultiplier: noise)), times: rounds,
            under: .replaceOne)
        let found = try RenyiAccountant().epsilon(of: composition, delta: 1e-5).upper
        #expect(abs(found / expected - 1) < 1e-6, "\(found)")
    }

    /// Bounds published with DP-FTRL, and dp-accounting's own values.
    @Test(arguments: [(1.13, 19.74, 18.709609893772754), (8.83, 2.04, 1.7731924496178202)])
    func `a tree of 1600 steps costs what DP-FTRL says`(noise: Double, most: Double, expected: Double) throws {
        let composition = try PrivacyComposition(.tree(noiseMultiplier: noise, steps: 1_600), under: .zeroOutOne)
        let found = try RenyiAccountant().epsilon(of: composition, delta: 1e-6).upper
        #expect(found < most)
        #expect(abs(found / expected - 1) < 1e-9, "\(found)")
    }

    @Test func `restarts of a tree add up, and trees of one leaf are plain Gaussians`() throws {
        let restarted = RenyiCurve(
            try PrivacyComposition(
                .composed([.tree(noiseMultiplier: 2, steps: 3), .tree(noiseMultiplier: 2, steps: 100)]),
                under: .zeroOutOne))
        // Depths 2 and 7.
        let gaussians = RenyiCurve(
            try PrivacyComposition(.gaussian(noiseMultiplier: 2), times: 9, under: .zeroOutOne))
        for (one, other) in zip(restarted.divergences, gaussians.divergences) { #expect(abs(one / other - 1) < 1e-12) }
        let leaves = RenyiCurve(
            try PrivacyComposition(.tree(noiseMultiplier: 2, steps: 1), times: 9, under: .zeroOutOne))
        for (one, other) in zip(leaves.divergences, gaussians.divergences) { #expect(abs(one / other - 1) < 1e-12) }
    }
}
