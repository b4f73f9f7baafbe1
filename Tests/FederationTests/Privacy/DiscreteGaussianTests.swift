import Cryptography
import Foundation
import Testing

@testable import Federation

/// The discrete Gaussian against its definition, P(x) ∝ exp(−x² / 2σ²).
@Suite struct DiscreteGaussianTests {
    private static func stream(_ number: UInt8) -> ChaCha20Stream {
        ChaCha20Stream(key: [UInt8](repeating: 7, count: 32), nonce: [UInt8](repeating: number, count: 12))
    }

    /// Pearson's χ² of 200,000 samples over the integers within 4σ; its mean is the number of cells less one, its deviation the
    /// root of twice that. Five deviations.
    @Test(arguments: [1, 2, 5] as [UInt64]) func `Small integers come as often as the definition says`(sigma: UInt64) {
        var stream = Self.stream(UInt8(sigma))
        let gaussian = DiscreteGaussian(sigma: sigma)
        let (count, reach) = (200_000, Int(4 * sigma))
        var found = [Int](repeating: 0, count: 2 * reach + 1)
        for _ in 0..<count {
            let place = Int(gaussian.sample(&stream)) + reach
            if found.indices.contains(place) { found[place] += 1 }
        }
        func density(_ x: Int) -> Double { exp(-Double(x * x) / Double(2 * sigma * sigma)) }
        let total = (-400...400).reduce(0.0) { $0 + density($1) }
        var statistic = 0.0
        for (place, seen) in found.enumerated() {
            let expected = Double(count) * density(place - reach) / total
            statistic += (Double(seen) - expected) * (Double(seen) - expected) / expected
        }
        let freedom = Double(2 * reach)
        #expect(statistic < freedom + 5 * (2 * freedom).squareRoot())
        #expect(statistic > freedom - 5 * (2 * freedom).squareRoot(), "suspiciously even")
    }

    @Test func `A large σ is the deviation, and the mean is 0`() {
        var stream = Self.stream(99)
        let (sigma, count) = (1 << 26 as UInt64, 20_000)
        let gaussian = DiscreteGaussian(sigma: sigma)
        let values = (0..<count).map { _ in Double(gaussian.sample(&stream)) / Double(sigma) }
        let mean = values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        // Deviations of the estimates: 1/√n of the mean, √(2/n) of the variance.
        #expect(abs(mean) < 5 / Double(count).squareRoot())
        #expect(abs(variance - 1) < 5 * (2 / Double(count)).squareRoot())
        // The share within one σ of a normal distribution.
        let within = Double(values.count { abs($0) <= 1 }) / Double(count)
        #expect(abs(within - 0.682689) < 5 * (0.6827 * 0.3173 / Double(count)).squareRoot())
    }

    /// RFC 8439, 2.4.2 has the key stream of block 1; block 0 of the same key and nonce with counter 0 is in its appendix
    /// A.1, test vector 1, of an all-zero key and nonce.
    @Test func `The stream is that of RFC 8439`() {
        var stream = ChaCha20Stream(key: [UInt8](repeating: 0, count: 32), nonce: [UInt8](repeating: 0, count: 12))
        // 76 b8 e0 ad a0 f1 3d 90 40 5d 6a e5 53 86 bd 28, little-endian.
        #expect(stream.next() == 0x903d_f1a0_ade0_b876)
        #expect(stream.next() == 0x28bd_8653_e56a_5d40)
    }
}
