import FedCore
import Testing

@Suite struct ExactSumTests {
    @Test func weightsTheMeanByHand() throws {
        var sum = ExactSum(count: 2, totalWeight: 100)
        try sum.add([1, -8] as [Float], weight: 1)
        try sum.add([5, 4] as [Float], weight: 3)
        // (1·1 + 3·5)/4 and (1·−8 + 3·4)/4.
        #expect(sum.mean() == [4, 1])
        #expect(sum.weight == 4)
        // 2³² steps for each unit.
        #expect(sum.total == [16 << 32, 4 << 32])
    }

    @Test func roundsHalfAStepToEven() throws {
        for (steps, expected) in [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (0.75, 1)] as [(Float, Int64)] {
            // Once alone, once beside a value so large that the other path is taken.
            for companion in [0, 0x1p20] as [Float] {
                var sum = ExactSum(count: 2, totalWeight: 1)
                try sum.add([steps * 0x1p-32, companion], weight: 1)
                #expect(sum.total == [expected, Int64(companion) << 32])
            }
        }
    }

    @Test func bothPathsRoundAlike() throws {
        let values = floats(1000, range: 1000)
        var fast = ExactSum(count: 1000, totalWeight: 3)
        try fast.add(values, weight: 3)
        // 2²⁰ · 3 · 2³² is beyond the fast path's 2⁵¹.
        var slow = ExactSum(count: 1001, totalWeight: 3)
        try slow.add(values + [0x1p20], weight: 3)
        #expect(Array(slow.total.dropLast()) == fast.total)
    }

    @Test func orderAndGroupingDoNotChangeABit() throws {
        let terms = (0..<40).map { floats(64, range: 10, salt: $0) }
        // Half of the weights are sample counts, half are not even representable in binary.
        let weights = (0..<40).map { (i: Int) -> Double in i % 2 == 0 ? Double(1 + 37 * i) : Double(i) / 10 }
        let all = weights.reduce(0, +)
        var reference = ExactSum(count: 64, totalWeight: all)
        for i in terms.indices { try reference.add(terms[i], weight: weights[i]) }

        for trial in 0..<20 {
            var random = RandomStream(seed: 1, .selection, round: trial)
            var order = Array(terms.indices)
            random.shuffle(&order)
            var ranks = [ExactSum](repeating: ExactSum(count: 64, totalWeight: all), count: 1 + trial % 6)
            for i in order { try ranks[random.integer(below: ranks.count)].add(terms[i], weight: weights[i]) }
            random.shuffle(&ranks)
            var total = ExactSum(count: 64, totalWeight: all)
            for rank in ranks { try total.add(rank) }
            #expect(total.total == reference.total)
            #expect(total.weight == reference.weight)
            #expect(total.mean().map { $0.bitPattern } == reference.mean().map { $0.bitPattern })
        }
    }

    @Test(arguments: [1, 2047, 2048, 2049, 5000]) func theMeanInItsPlaceHasTheSameBits(count: Int) throws {
        var sum = ExactSum(count: count, totalWeight: 7)
        try sum.add(floats(count, range: 10), weight: 3)
        try sum.add(floats(count, range: 10, salt: 1), weight: 4)
        let expected = sum.mean().map(\.bitPattern)
        let mean = sum.withMeanInPlace { mean in (0..<mean.count).map { mean[$0].bitPattern } }
        #expect(mean == expected)
        sum.reset()
        try sum.add(floats(count, range: 10), weight: 1)
        #expect(sum.mean() == floats(count, range: 10).map { Float(Double(($0 * 0x1p32).rounded()) / 0x1p32) })
    }

    @Test func meanIsWithinOneUlpOfADoubleReference() throws {
        for (clients, range) in [(5, 0.1), (100, 10), (1000, 0.001)] as [(Int, Float)] {
            var sum = ExactSum(count: 200, totalWeight: Double(100 * clients))
            var reference = [Double](repeating: 0, count: 200)
            var weight = 0.0
            for client in 0..<clients {
                let values = floats(200, range: range, salt: client)
                let samples = Double(10 + client % 90)
                try sum.add(values, weight: samples)
                for i in reference.indices { reference[i] += samples * Double(values[i]) }
                weight += samples
            }
            let mean = sum.mean()
            for i in reference.indices {
                let expected = Float(reference[i] / weight)
                // A term's rounding is at most half a step, which for a mean near 0 is more than its ulp.
                let step = Float(0x1p-33 * Double(clients) / weight)
                #expect(abs(mean[i] - expected) <= max(expected.ulp, step))
            }
        }
    }

    @Test func aTermOfWeightZeroChangesNothing() throws {
        var sum = ExactSum(count: 1, totalWeight: 100)
        try sum.add([3], weight: 2)
        let before = (sum.total, sum.weight)
        try sum.add([7], weight: 0)
        #expect((sum.total, sum.weight) == before)
    }

    @Test func notANumberAndInfinityAreRefusedByIndex() throws {
        var sum = ExactSum(count: 3, totalWeight: 100)
        try sum.add([1, 2, 3], weight: 1)
        let before = sum.total
        for (bad, index) in [(Float.nan, 1), (.infinity, 2), (-.infinity, 0), (-.nan, 2), (.signalingNaN, 1)] {
            var values: [Float] = [1, 1, 1]
            values[index] = bad
            #expect(throws: ExactSum.Refusal.notFinite(index: index)) { try sum.add(values, weight: 1) }
            // 0 × NaN would be NaN.
            #expect(throws: ExactSum.Refusal.notFinite(index: index)) { try sum.add(values, weight: 0) }
        }
        #expect(sum.total == before && sum.weight == 1)
    }

    /// What was added before the element that is wrong was seen is taken back, from the sums of either path.
    @Test func aRefusalLateInALongVectorLeavesTheSumAsItWas() throws {
        for largest in [1, 0x1p20] as [Float] {
            var sum = ExactSum(count: 10_000, totalWeight: 100)
            try sum.add(floats(10_000, range: 3, salt: 1), weight: 7)
            let before = sum
            for bad in [.nan, -.infinity, 0x1p31] as [Float] {
                var values = floats(10_000, range: 0.7, salt: 2)
                values[17] = largest
                values[9_000] = bad
                let refusal: ExactSum.Refusal = bad.isFinite ? .overflow : .notFinite(index: 9_000)
                #expect(throws: refusal) { try sum.add(values, weight: 3) }
                #expect(sum.total == before.total)
                #expect(sum.weight == before.weight)
            }
            // A number that is none is what is wrong, wherever it stands.
            var values = floats(10_000, range: 1)
            (values[0], values[9_999]) = (0x1p31, .nan)
            #expect(throws: ExactSum.Refusal.notFinite(index: 9_999)) { try sum.add(values, weight: 3) }
            #expect(sum.total == before.total)
        }
    }

    @Test func anotherLengthIsRefused() {
        var sum = ExactSum(count: 3, totalWeight: 100)
        let refusal = ExactSum.Refusal.wrongLength(expected: 3, actual: 2)
        #expect(throws: refusal) { try sum.add([1, 2], weight: 1) }
        #expect(throws: refusal) { try sum.add(ExactSum(count: 2, totalWeight: 100)) }
    }

    @Test(arguments: [-1, -1e-9, .infinity, -.infinity, 1e-7])
    func aWeightThatCountsNothingIsRefused(weight: Double) {
        var sum = ExactSum(count: 1, totalWeight: 100)
        #expect(throws: ExactSum.Refusal.badWeight(weight)) { try sum.add([1], weight: weight) }
        #expect(sum.weight == 0)
    }

    @Test func aWeightThatIsNoNumberIsRefused() {
        var sum = ExactSum(count: 1, totalWeight: 100)
        #expect(throws: ExactSum.Refusal.self) { try sum.add([1], weight: .nan) }
    }

    /// 2³⁰ / W, and never below 2¹⁰: there is room for a weight of W with it.
    @Test(
        arguments: [
            (1, 0x1p30), (4, 0x1p28), (60_000, 17_895.697_265_625), (0x1p20, 0x1p10), (0x1p31, 0x1p10),
            (0x1.8p31, 0x1.554p10),
        ] as [(Double, Float)])
    func theLargestValueIsKnownBeforehand(totalWeight: Double, largest: Float) throws {
        var sum = ExactSum(count: 2, totalWeight: totalWeight)
        #expect(sum.largestValue >= largest.nextDown && sum.largestValue <= largest * 1.001)
        let most = sum.largestValue
        for bad in [most.nextUp, -most.nextUp, .greatestFiniteMagnitude] {
            #expect(throws: ExactSum.Refusal.overflow) { try sum.add([0, bad], weight: 0) }
        }
        for _ in 0..<4 { try sum.add([most, -most], weight: totalWeight / 4) }
        #expect(sum.mean() == [most, -most])
        #expect(throws: ExactSum.Refusal.badWeight(totalWeight)) { try sum.add([0, 0], weight: totalWeight) }
        #expect(throws: ExactSum.Refusal.self) { try sum.add(sum) }
        #expect(sum.mean() == [most, -most])
    }

    /// The steps grow with the weight, and the mean is as exact as before: to W · 2⁻⁵² / W.
    @Test func aHeavySumIsAsExact() throws {
        var sum = ExactSum(count: 1, totalWeight: 0x1p30)
        for value in [0.1, 0.2, 0.4] as [Float] { try sum.add([value], weight: 0x1p28) }
        #expect(abs(Double(sum.mean()[0]) - 0.7 / 3) < 2e-8)
    }

    @Test func whoIsRefusedDoesNotDependOnWhoCameBefore() throws {
        let terms: [Float] = [9_000, 20_000, -9_000, 5, -18_000, 9_000]
        for trial in 0..<10 {
            var random = RandomStream(seed: 3, .selection, round: trial)
            var order = Array(terms.indices)
            random.shuffle(&order)
            var sum = ExactSum(count: 1, totalWeight: 60_000)
            var refused: Set<Int> = []
            for i in order {
                do throws(ExactSum.Refusal) { try sum.add([terms[i]], weight: 10_000) } catch { refused.insert(i) }
            }
            #expect(refused == [1, 4])
            #expect(sum.mean() == [9_005 / 4])
        }
    }

    @Test func resetIsTheEmptySum() throws {
        var sum = ExactSum(count: 1, totalWeight: 100)
        try sum.add([3], weight: 2)
        sum.reset()
        try sum.add([5], weight: 1)
        #expect(sum.mean() == [5])
    }

    /// Uniform in −range ..< range.
    private func floats(_ count: Int, range: Float, salt: Int = 0) -> [Float] {
        var random = RandomStream(seed: 8, .initialization, salt: salt)
        return (0..<count).map { _ in (2 * random.uniform() - 1) * range }
    }
}

extension ExactSum {
    mutating func add(_ values: [Float], weight: Double) throws(Refusal) {
        try add(values.span, weight: weight)
    }

    func mean() -> [Float] {
        var result = [Float](repeating: .nan, count: total.count)
        var span = result.mutableSpan
        mean(into: &span)
        return result
    }
}
