import FedCore
import Testing

@Suite struct ScaledSumTests {
    /// 3 · 2¹⁰ · 1.5 + 1 · 2¹² · (−0.25) = 3584, the second element 2¹² · 0.5 = 2048: a ratio of 1.75.
    @Test func ratiosByHand() {
        var sum = ScaledSum(blocks: [2])
        sum.add([1.5, 0], exponent: 10, weight: 3)
        sum.add([-0.25, 0.5], exponent: 12, weight: 1)
        let result = sum.result(weight: 4)
        #expect(result[0] / result[1] == 1.75)
    }

    @Test func everyBlockHasAPrecisionOfItsOwn() {
        var sum = ScaledSum(blocks: [1, 1])
        sum.add([1e-30, 3], exponent: -200, weight: 1)
        sum.add([2e-30, 4], exponent: -200, weight: 1)
        let result = sum.result(weight: 2)
        #expect(abs(result[0] / result[1] * 7 / 3e-30 - 1) < 1e-6)
    }

    @Test func aSmallTermCountsToFloatsPrecisionAndATinyOneNot() {
        for (exponent, isThere) in [(-20, true), (-45, true), (-100, false), (-100_000, false)] {
            for order in [[0, 1], [1, 0]] {
                var sum = ScaledSum(blocks: [2])
                for term in order {
                    if term == 0 { sum.add([1, 0], exponent: 0, weight: 1) }
                    if term == 1 { sum.add([0, 1], exponent: exponent, weight: 1) }
                }
                let result = sum.result(weight: 2)
                #expect((result[1] > 0) == isThere, "\(exponent)")
                if isThere { #expect(result[1] == result[0] * Float(sign: .plus, exponent: exponent, significand: 1)) }
            }
        }
    }

    @Test func orderAndGroupingDoNotChangeABit() {
        var random = RandomStream(seed: 4, .initialization)
        let terms = (0..<60).map { _ in (0..<9).map { _ in 2 * random.uniform() - 1 } }
        let exponents = (0..<60).map { _ in random.integer(below: 150) - 75 }
        var bits: Set<[UInt32]> = []
        for trial in 0..<20 {
            var order = Array(terms.indices)
            random.shuffle(&order)
            var ranks = [ScaledSum](repeating: ScaledSum(blocks: [6, 2, 1]), count: 1 + trial % 6)
            for i in order {
                ranks[random.integer(below: ranks.count)].add(terms[i], exponent: exponents[i], weight: 1)
            }
            random.shuffle(&ranks)
            var total = ScaledSum(blocks: [6, 2, 1])
            for rank in ranks {
                let levels = rank.levels
                var words = [Int64](repeating: 0, count: 6 * levels[0].count + 2 * levels[1].count + levels[2].count)
                var span = words.mutableSpan
                rank.write(levels, to: &span)
                total.add(words.span, levels: levels)
            }
            bits.insert(total.result(weight: 60).map(\.bitPattern))
        }
        #expect(bits.count == 1)
    }

    /// As many terms as there may be, and the largest there are.
    @Test func manyTermsDoNotOverflow() {
        var sum = ScaledSum(blocks: [1])
        for _ in 0..<10 { sum.add([Float(65_535.99)], exponent: 0, weight: 1) }
        var words: [Int64] = [0]
        var span = words.mutableSpan
        sum.write([ScaledSum.Levels(top: 0, count: 1)], to: &span)
        #expect(words[0] / 10 <= Int64.max / Int64(ScaledSum.largestCount))
    }

    @Test func nothingIsZero() {
        var sum = ScaledSum(blocks: [2])
        #expect(sum.result(weight: 1) == [0, 0])
        sum.add([0, -0], exponent: 7, weight: 1)
        #expect(sum.result(weight: 1) == [0, 0])
        #expect(sum.levels == [.none])
    }

    @Test func resetIsTheEmptySum() {
        var sum = ScaledSum(blocks: [1])
        sum.add([3], exponent: 1_000, weight: 1)
        sum.reset()
        sum.add([5], exponent: 0, weight: 1)
        #expect(sum.result(weight: 1) == [5])
    }
}

extension ScaledSum {
    fileprivate mutating func add(_ values: [Float], exponent: Int, weight: Double) {
        add(values.span, exponent: exponent, weight: weight)
    }

    fileprivate func result(weight: Double) -> [Float] {
        var result = [Float](repeating: .nan, count: count)
        var span = result.mutableSpan
        write(dividedBy: weight, into: &span)
        return result
    }
}
