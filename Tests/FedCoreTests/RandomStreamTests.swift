import FedCore
import Testing

@Suite struct RandomStreamTests {
    @Test func wordsAreThePhiloxBlocksOfTheCoordinates() {
        var stream = RandomStream(seed: 0x1111_2222_3333_4444, .shuffle, round: 5, client: 6, salt: 7)
        let key = SIMD2<UInt32>(0x3333_4444, 0x1111_2222)
        for index in 0..<3 {
            // Purpose shuffle is 4, salt 7.
            let block = Philox4x32.block(counter: SIMD4(UInt32(index), 5, 6, 0x0400_0007), key: key)
            for word in 0..<4 { #expect(stream.nextWord() == block[word]) }
        }
    }

    @Test func sixtyFourBitsAreTheLowWordThenTheHighWord() {
        var words = RandomStream(seed: 1, .selection)
        var longs = words
        let low = UInt64(words.nextWord())
        let high = UInt64(words.nextWord())
        #expect(longs.next() == high << 32 | low)
    }

    @Test func streamsDifferInEveryCoordinate() {
        var first: Set<UInt64> = []
        for seed in [0, 1, 1 << 32] as [UInt64] {
            for purpose in [RandomStream.Purpose.initialization, .partition, .selection, .synthesis] {
                for round in 0..<3 {
                    for client in [0, 1, Int(UInt32.max)] {
                        for salt in [0, 1, 1 << 24 - 1] {
                            var stream = RandomStream(
                                seed: seed, purpose, round: round, client: client, salt: salt)
                            first.insert(stream.next())
                        }
                    }
                }
            }
        }
        #expect(first.count == 3 * 4 * 3 * 3 * 3)
    }

    @Test func equalCoordinatesDrawEqualNumbers() {
        var a = RandomStream(seed: 9, .dropout, round: 1, client: 2, salt: 3)
        var b = RandomStream(seed: 9, .dropout, round: 1, client: 2, salt: 3)
        for _ in 0..<100 { #expect(a.next() == b.next()) }
    }

    @Test func uniformFloatsTakeTheTop24Bits() {
        var words = RandomStream(seed: 2, .dropout)
        var floats = words
        for _ in 0..<1000 {
            let value = floats.uniform()
            #expect(value == Float(words.nextWord() / 256) / 16_777_216)
            #expect(value >= 0 && value < 1)
        }
    }

    @Test func uniformDoublesHaveMeanHalfAndVarianceOneTwelfth() {
        var stream = RandomStream(seed: 3, .dropout)
        let moments = Moments((0..<100_000).map { _ in stream.uniformDouble() })
        // Five standard errors: 0.2887/√n for the mean, 0.0745/√n for the variance.
        #expect(abs(moments.mean - 0.5) < 0.0046)
        #expect(abs(moments.variance - 1.0 / 12) < 0.0012)
    }

    @Test(arguments: [1, 2, 3, 10, 1 << 16, 3 << 30, Int(UInt32.max)])
    func boundedIntegersAreLemiresWithoutBias(bound: Int) {
        var words = RandomStream(seed: 4, .shuffle)
        var integers = words
        for _ in 0..<1000 {
            // Lemire's algorithm as stated: reject while the low half is below 2³² mod bound.
            var product = UInt64(words.nextWord()) * UInt64(bound)
            while product % (1 << 32) < (1 << 32) % UInt64(bound) {
                product = UInt64(words.nextWord()) * UInt64(bound)
            }
            let value = integers.integer(below: bound)
            #expect(value == Int(product >> 32))
            #expect(value >= 0 && value < bound)
        }
    }

    @Test func boundedIntegersAreEvenlySpread() {
        var stream = RandomStream(seed: 5, .shuffle)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { counts[stream.integer(below: 10)] += 1 }
        // χ² with 9 degrees of freedom passes 27.9 once in a thousand.
        #expect(chiSquare(counts) < 27.9)
    }

    @Test func shuffleGivesEachPermutationAsOften() {
        var counts: [[Int]: Int] = [:]
        for client in 0..<60_000 {
            var stream = RandomStream(seed: 6, .shuffle, client: client)
            var elements = [0, 1, 2]
            stream.shuffle(&elements)
            counts[elements, default: 0] += 1
        }
        #expect(counts.count == 6)
        // χ² with 5 degrees of freedom passes 20.5 once in a thousand.
        #expect(chiSquare(Array(counts.values)) < 20.5)
    }

    @Test func shuffleKeepsEveryElement() {
        var stream = RandomStream(seed: 7, .shuffle)
        var elements = Array(0..<1000)
        stream.shuffle(&elements)
        #expect(elements != Array(0..<1000))
        #expect(elements.sorted() == Array(0..<1000))
        var none: [Int] = []
        stream.shuffle(&none)
        #expect(none.isEmpty)
    }
}

/// Sample moments.
struct Moments {
    var mean: Double
    var variance: Double
    /// Moments of the standardised values: 0 and 3 for a normal distribution.
    var skewness: Double
    var kurtosis: Double

    init(_ values: [Double]) {
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        func standardised(_ power: Int) -> Double {
            values.reduce(0) { sum, value in
                let z = (value - mean) / variance.squareRoot()
                return sum + (power == 3 ? z * z * z : z * z * z * z)
            } / n
        }
        self.mean = mean
        self.variance = variance
        skewness = standardised(3)
        kurtosis = standardised(4)
    }
}

/// Against equal expected counts.
func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
}
