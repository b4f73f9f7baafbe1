import CVectors
import Testing

@testable import FedCore

/// The arithmetic of steps, by the loops in Swift and, where the processor has it, by those for AVX2.
@Suite struct FixedPointTests {
    /// The ways to compute that this processor has.
    private static let ways = vectors_are_fast() ? [false, true] : [false]
    /// Every remainder of the loops' blocks, and both sides of their ends.
    private static let lengths = Array(0...70) + [511, 512, 513, 1024, 2047, 2048, 2049, 5001]

    /// Numbers of every size up to `largest`, ties, zeros of both signs, subnormal numbers.
    private static func values(_ count: Int, largest: Float, salt: Int = 0) -> [Float] {
        var random = RandomStream(seed: 4, .synthesis, salt: salt)
        return (0..<count).map { i in
            switch (i + salt) * 7919 % 23 {
            case 0: 0
            case 1: -0.0
            case 2: .leastNonzeroMagnitude
            case 3: -.leastNormalMagnitude.nextDown
            case 4: largest
            case 5: -largest
            case 6: 0x1p-33
            case 7: -0x1.8p-32
            case let k where k < 14: (2 * random.uniform() - 1) * largest
            case let k: (2 * random.uniform() - 1) * Float(sign: .plus, exponent: -2 * k, significand: 1)
            }
        }
    }

    /// round(weight · 2³² · value) by integers: a value is a whole number of 2⁻¹⁴⁹.
    private static func steps(_ value: Float, weight: Int64) -> Int64 {
        let exponent = max(Int(value.exponentBitPattern), 1) - 150
        let digits = Int64(value.significandBitPattern) | (value.exponentBitPattern > 0 ? 1 << 23 : 0)
        let product = Int128(digits) * Int128(weight)
        let shift = -(exponent + 32)
        guard shift > 0 else { return (value < 0 ? -1 : 1) * Int64(product << -shift) }
        guard shift < 100 else { return 0 }
        let (below, half) = (product & ((1 << shift) - 1), Int128(1) << (shift - 1))
        let whole = product >> shift
        let up = below > half || (below == half && whole & 1 == 1)
        return (value < 0 ? -1 : 1) * Int64(whole + (up ? 1 : 0))
    }

    @Test(arguments: lengths) func `Products are rounded once, ties to even`(count: Int) {
        // Up to 3 · 2¹⁷ units, as many as the fast loop can do, and beyond.
        for (weight, largest) in [(3, 1000), (3, 0x1.fffffep16), (3, 0x1p21), (60_000, 0x1p-3)] as [(Int64, Float)] {
            let values = Self.values(count, largest: largest, salt: count)
            let expected = values.enumerated().map { Int64($0) &* 0x1234_5678_9ABC + Self.steps($1, weight: weight) }
            for vectors in Self.ways {
                var sums = (0..<count).map { Int64($0) &* 0x1234_5678_9ABC }
                var span = sums.mutableSpan
                let added = FixedPoint.add(
                    values.span, times: Double(weight) * 0x1p32, within: largest.bitPattern, to: &span, vectors: vectors
                )
                #expect(added == count)
                #expect(sums == expected)
            }
        }
    }

    /// Weights whose products with values are not exact, so that they are rounded twice: to Double, then to steps.
    @Test(.enabled(if: vectors_are_fast(), "this processor has no AVX2"), arguments: lengths)
    func `Both ways have the same bits`(count: Int) {
        for factor in [0.1 * 0x1p32, -1e9 / 3, 0, .pi * 0x1p31, 1e-300, 0x1p50 + 1] {
            let values = Self.values(count, largest: 900, salt: 1)
            let largest = FixedPoint.largestMagnitudeBits(values.span, vectors: false)
            #expect(largest == values.map { abs($0).bitPattern }.max() ?? 0)
            let sums = [false, true].map { vectors in
                var sums = [Int64](repeating: .max - 5, count: count)
                var span = sums.mutableSpan
                #expect(FixedPoint.largestMagnitudeBits(values.span, vectors: vectors) == largest)
                FixedPoint.add(values.span, times: factor, largest: largest, to: &span, vectors: vectors)
                let added = FixedPoint.add(values.span, times: factor, within: largest, to: &span, vectors: vectors)
                #expect(added == count)
                return sums
            }
            #expect(sums[0] == sums[1])
        }
    }

    @Test(arguments: [1, 17, 600, 2049, 7000])
    func `A block with a value above the limit is not added, nor what follows`(
        count: Int
    ) {
        for vectors in Self.ways {
            for place in [0, count / 2, count - 1] {
                for bad in [.nan, -.nan, .signalingNaN, .infinity, -.infinity, Float(4).nextUp, -Float(4).nextUp] {
                    var values = Self.values(count, largest: 4)
                    values[place] = bad
                    var sums = [Int64](repeating: 7, count: count)
                    var span = sums.mutableSpan
                    let added = FixedPoint.add(
                        values.span, times: 0x1p32, within: Float(4).bitPattern, to: &span, vectors: vectors)
                    #expect(added <= place && place - added <= 2048)
                    #expect(sums[added...].allSatisfy { $0 == 7 })
                    #expect(sums[..<added].elementsEqual(values[..<added].map { 7 + Self.steps($0, weight: 1) }))
                }
            }
        }
    }

    @Test func `The largest magnitude is found wherever it is`() {
        for vectors in Self.ways {
            for count in 1...70 {
                for place in 0..<count {
                    for largest in [-3, .infinity, -.nan, .leastNonzeroMagnitude] as [Float] {
                        var values = [Float](repeating: -0.0, count: count)
                        values[place] = largest
                        let bits = FixedPoint.largestMagnitudeBits(values.span, vectors: vectors)
                        #expect(bits == largest.bitPattern & 0x7FFF_FFFF)
                    }
                }
            }
        }
    }

    /// Integers that Double holds are exact; others go to the nearest, ties to the even one.
    @Test(
        arguments: [
            (0, 0), (1, 1), (-1, -1), (.max, 0x1p63), (.min, -0x1p63), (.min + 1, -0x1p63), (1 << 48, 0x1p48),
            ((1 << 48) - 1, 0x1.fffffffffffep47), (-(1 << 48) - 1, -0x1.000000000001p48), ((1 << 53) + 1, 0x1p53),
            ((1 << 53) + 3, 0x1.0000000000002p53), (-(1 << 53) - 3, -0x1.0000000000002p53),
            ((1 << 62) + (1 << 9), 0x1p62), ((1 << 62) + (1 << 9) + 1, 0x1.0000000000001p62),
            (0xFFFF_FFFF, 0x1.fffffffep31),
        ] as [(Int64, Double)])
    func `Sums are divided as Doubles`(sum: Int64, expected: Double) {
        for vectors in Self.ways {
            for divisor in [1, 3, 0x1p32, 60_000 * 0x1p32, 0.7] {
                // In a vector, and behind the last whole one.
                var quotients = [Float](repeating: .nan, count: 7)
                var span = quotients.mutableSpan
                FixedPoint.divide(
                    [Int64](repeating: sum, count: 7).span, by: divisor, into: &span, vectors: vectors)
                #expect(quotients == [Float](repeating: Float(expected / divisor), count: 7))
            }
        }
    }

    @Test(.enabled(if: vectors_are_fast(), "this processor has no AVX2"), arguments: 0...70)
    func `Both ways divide alike`(count: Int) {
        var random = RandomStream(seed: 4, .synthesis, round: 1, salt: count)
        for divisor in [1, 7 * 0x1p32, 1e-3] {
            let sums = (0..<count).map { _ in
                Int64(bitPattern: random.next()) >> Int64(random.integer(below: 64))
            }
            let quotients = [false, true].map { vectors in
                var quotients = [Float](repeating: .nan, count: count)
                var span = quotients.mutableSpan
                FixedPoint.divide(sums.span, by: divisor, into: &span, vectors: vectors)
                return quotients.map(\.bitPattern)
            }
            #expect(quotients[0] == quotients[1])
        }
    }
}
