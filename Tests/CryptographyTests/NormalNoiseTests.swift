import CVectors
import Cryptography
import Foundation
import Testing

struct NormalNoiseTests {
    private static func drawn(_ count: Int, deviation: Float = 1, nonce: UInt8 = 0) -> [Float] {
        var noise = NormalNoise(
            KeyStream(key: SecretBytes(copying: [nonce] + [UInt8](1..<32))))
        var values = [Float](repeating: 0, count: count)
        var span = values.mutableSpan
        noise.add(to: &span, deviation: deviation, factor: 1)
        return values
    }

    /// The distribution function of the standard normal distribution.
    private static func probability(below x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

    @Test func `a million numbers are distributed normally`() {
        let values = Self.drawn(1 << 20).map(Double.init).sorted()
        let count = Double(values.count)
        // Kolmogorov and Smirnov: beyond 1.95 / √n once in a thousand samples; the stream is always the same.
        let distance = values.enumerated().map { rank, x in
            let expected = Self.probability(below: x)
            return max(abs(Double(rank) / count - expected), abs(Double(rank + 1) / count - expected))
        }.max()
        #expect((distance ?? 1) < 1.95 / count.squareRoot())
        // Moments, within four of their standard errors.
        func moment(_ power: Double) -> Double { values.reduce(0) { $0 + pow($1, power) } / count }
        #expect(abs(moment(1)) < 4 / count.squareRoot())
        #expect(abs(moment(2) - 1) < 4 * (2 / count).squareRoot())
        #expect(abs(moment(4) - 3) < 4 * (96 / count).squareRoot())
        // Beyond four deviations: 6.3e-5 of them.
        let far = Double(values.filter { abs($0) > 4 }.count)
        #expect(abs(far - count * 6.334e-5) < 4 * (count * 6.334e-5).squareRoot())
    }

    @Test func `neighbours and the two of a pair have nothing to do with each other`() {
        let values = Self.drawn(1 << 18).map(Double.init)
        for lag in [1, 7, 8, 15, 16, 4096] {
            let products = (0..<values.count - lag).reduce(0) { $0 + values[$1] * values[$1 + lag] }
            #expect(abs(products) < 4 * Double(values.count).squareRoot(), "lag \(lag)")
        }
    }

    @Test(arguments: [1, 15, 16, 17, 4095, 4097, 10_000])
    func `any number of floats gets noise`(count: Int) {
        let values = Self.drawn(count)
        #expect(values.count == count && Set(values).count > count * 9 / 10)
        #expect(values == Self.drawn(count))
        #expect(values != Self.drawn(count, nonce: 1))
    }

    @Test func `noise is scaled, added to what is there, and the sum is multiplied`() {
        let unit = Self.drawn(64)
        var noise = NormalNoise(KeyStream(key: SecretBytes(copying: [UInt8](0..<32))))
        var values = (0..<64).map(Float.init)
        var span = values.mutableSpan
        noise.add(to: &span, deviation: 3, factor: 0.5)
        for i in 0..<64 { #expect(abs(values[i] - (Float(i) + 3 * unit[i]) / 2) < 1e-4) }
    }

    @Test func `the loop for AVX2 computes what Box and Muller say`() {
        guard vectors_are_fast() else { return }
        var words = (0..<4096 + 16).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) }
        // Far from zero, at the ends, and at the borders of quarter turns.
        words.replaceSubrange(0..<8, with: [0, 1, 4095, 4096, .max, .max - 1, 1 << 31, 1 << 12])
        words.replaceSubrange(8..<16, with: [0, 1 << 30, 1 << 31, 3 << 30, .max, 1 << 29, 3 << 29, 5 << 29])
        var (fast, slow) = ([Float](repeating: 1, count: 4096), [Float](repeating: 1, count: 4096))
        vectors_add_normals(words, 4096, 2, 0.25, &fast)
        vectors_add_normals_singly(words, 4096, 2, 0.25, &slow)
        for i in fast.indices { #expect(abs(fast[i] - slow[i]) < 2e-5, "number \(i)") }
        // A word of zeros takes a spare one: √(−2 ln 2⁻⁶⁴·(s + ½)).
        let farthest = (-2 * log((Double(words[4096]) + 0.5) * 0x1p-64)).squareRoot()
        let (x, y) = (Double(fast[0]) * 4 - 1, Double(fast[8]) * 4 - 1)
        #expect(abs((x * x + y * y).squareRoot() - 2 * farthest) < 1e-4)
    }
}
