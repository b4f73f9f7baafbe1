import FedCore
import Testing

@testable import Codecs

@Suite struct ValueStageTests {
    static func normal(_ count: Int, seed: UInt64 = 3) -> [Float] {
        var random = RandomStream(seed: seed, .initialization)
        return (0..<count).map { _ in Float(random.normal()) }
    }

    static func roundTrip(_ numbers: [Float], _ text: String, round: Int = 1, tensors: [Range<Int>]? = nil) throws
        -> [Float]
    {
        let codec = try UpdateCodecs.standard.codec(text)
        let context = CodecContext(
            tensors: (tensors ?? [0..<numbers.count]).map { CodecTensor($0) }, seed: 11, round: round, client: 2)
        let bytes = UpdateCodecContractTests.encoded(numbers, by: codec, context)
        return try UpdateCodecContractTests.decoded(bytes, count: numbers.count, by: codec, context)
    }

    static func squares(_ numbers: [Float]) -> Double { numbers.reduce(0) { $0 + Double($1) * Double($1) } }
    static func error(_ one: [Float], _ other: [Float]) -> Double { squares(zip(one, other).map { $0 - $1 }) }

    /// bfloat16 keeps 8 bits: 1 + 2⁻⁸ is halfway between 1 and 1 + 2⁻⁷, and goes to the even one.
    @Test func `bfloat16 rounds to the nearest, ties to even`() throws {
        #expect(
            try Self.roundTrip([1, 1.003_906_25, 1.011_718_75, -2.5, 3e28, Float(bitPattern: 0x0001_1000)], "bf16")
                == [1, 1, 1.015_625, -2.5, Float(bitPattern: 0x6ec2_0000), Float(bitPattern: 0x0001_0000)])
    }

    @Test(arguments: [("int8", 255), ("int4", 15), ("int2", 3)] as [(String, Float)])
    func `Uniform steps are off by half a step at most, by tensor`(text: String, largest: Float) throws {
        let numbers = Self.normal(100) + Self.normal(100, seed: 4).map { $0 * 1000 }
        let back = try Self.roundTrip(numbers, text, tensors: [0..<100, 100..<200])
        for range in [0..<100, 100..<200] {
            let part = numbers[range]
            let step = ((part.max() ?? 0) - (part.min() ?? 0)) / largest
            #expect(range.allSatisfy { (numbers[$0] - back[$0]).magnitude <= step * 0.5001 })
        }
    }

    /// By hand: of −1 … 2 in three steps zero is symbol 1, and the step 1.
    @Test func `Zero is a step of its own`() throws {
        #expect(try Self.roundTrip([-1, 0, 0.4, 0.6, 2], "int2") == [-1, 0, 0, 1, 2])
        #expect(try Self.roundTrip([5, 10, 15], "int2") == [5, 10, 15])
    }

    /// By hand: the mean magnitude of 1, −2, 0, 5 is 2, of −4 alone 4.
    @Test func `Signs have the mean magnitude of their tensor, ternary ones that of all chosen`() throws {
        #expect(try Self.roundTrip([1, -2, 0, 5, -4], "sign", tensors: [0..<4, 4..<5]) == [2, -2, 2, 2, -4])
        #expect(
            try Self.roundTrip([1, -2, 0, 6, -4], "topk 3 | ternary", tensors: [0..<4, 4..<5]) == [0, -4, 0, 4, -4])
    }

    /// Alistarh et al. 2017, lemma 3.1: unbiased, variance at most min(d / s², √d / s) ‖v‖² of each bucket.
    @Test(arguments: [(2, 1.0), (4, 7.0)]) func `QSGD is unbiased within its variance`(bits: Int, levels: Double) throws
    {
        let (count, bucket, rounds) = (96, 32.0, 400)
        let numbers = Self.normal(count)
        var mean = [Double](repeating: 0, count: count)
        var error = 0.0
        for round in 1...rounds {
            let back = try Self.roundTrip(numbers, "qsgd \(bits) bucket=32", round: round)
            for i in 0..<count { mean[i] += Double(back[i]) / Double(rounds) }
            error += Self.error(back, numbers) / Double(rounds)
        }
        let bound = min(bucket / (levels * levels), bucket.squareRoot() / levels) * Self.squares(numbers)
        #expect(error <= bound, "\(error) of \(bound)")
        // The mean of many rounds is off by the error of one, divided by their number.
        let bias = zip(mean, numbers).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
        #expect(bias < 1.6 * error / Double(rounds), "\(bias) after \(error)")
        #expect(error > 0)
    }

    /// Vargaftik et al. 2022: the error of one client is D / (1 − D) of ‖x‖², D being the Lloyd–Max distortion.
    @Test(arguments: [(1, 0.5708), (2, 0.1331), (3, 0.0358), (4, 0.0096)])
    func `EDEN has the distortion that was published`(bits: Int, distortion: Double) throws {
        // Not normal at all: the rotation makes it so.
        let numbers = (0..<8192).map { i -> Float in (i % 97 == 0 ? 5 : 0) + Float(i % 3) }
        let back = try Self.roundTrip(numbers, "eden \(bits)")
        let error = Self.error(back, numbers) / Self.squares(numbers)
        #expect(abs(error / distortion - 1) < 0.06, "\(error)")
    }

    @Test(arguments: [(1, 0.5708), (2, 0.1331), (4, 0.0096)])
    func `EDEN is unbiased: the mean of n clients has an n-th of the error`(bits: Int, distortion: Double) throws {
        let (numbers, clients) = (Self.normal(2048), 40)
        var mean = [Float](repeating: 0, count: numbers.count)
        for round in 1...clients {
            let back = try Self.roundTrip(numbers, "eden \(bits)", round: round)
            for i in mean.indices { mean[i] += back[i] / Float(clients) }
        }
        let one: Double = Self.error(mean, numbers) / Self.squares(numbers) * Double(clients)
        let ratio: Double = one / distortion
        #expect(ratio > 0.85 && ratio < 1.15, "\(ratio)")
    }

    /// Max 1960, table 1, and OpenFL's eden_pipeline.py.
    @Test func `The levels are those of Lloyd and Max`() {
        let published: [(Int, [Float])] = [
            (1, [0.797_884_56]), (2, [0.452_780_04, 1.510_417_6]),
            (3, [0.245_094_16, 0.756_005_25, 1.343_909_3, 2.151_945_7]),
        ]
        for (bits, levels) in published {
            let own = NormalCentroids.positive[bits - 1]
            #expect(own.count == levels.count && zip(own, levels).allSatisfy { ($0 - $1).magnitude < 1e-6 })
        }
        let four = NormalCentroids.positive[3]
        #expect(abs(four[0] - 0.128_395) < 1e-6 && abs(four[7] - 2.732_588_8) < 1e-6)
        for (i, levels) in NormalCentroids.positive.enumerated() {
            #expect(levels.count == 1 << i && levels == levels.sorted())
        }
    }

    @Test(arguments: [1, 63, 64, 65, 100, 4096, 8191, 8192, 8193, 20_000]) func `Blocks hold all numbers and few zeros`(
        count: Int
    ) {
        let blocks = HadamardRotation.blocks(of: count)
        #expect(blocks.reduce(0) { $0 + $1.count } == count)
        #expect(blocks.count == HadamardRotation.blockCount(of: count))
        let size = blocks.reduce(0) { $0 + $1.size }
        #expect(size == HadamardRotation.size(of: count) && size - count < 64)
        #expect(blocks.allSatisfy { $0.size.nonzeroBitCount == 1 && $0.size <= 8192 })
    }

    /// The matrix of Walsh and Hadamard has (−1)^(number of common ones of i and j) in row i and column j.
    @Test func `The transform is that of Walsh and Hadamard`() {
        for size in [8, 16, 64] {
            let numbers = Self.normal(size)
            var own = numbers
            var span = own.mutableSpan
            HadamardRotation.transform(&span, size: size)
            for i in 0..<size {
                var sum: Float = 0
                for j in 0..<size { sum += (i & j).nonzeroBitCount % 2 == 0 ? numbers[j] : -numbers[j] }
                #expect((own[i] - sum).magnitude < 1e-4)
            }
        }
    }

    /// By hand: 0, 1 and 9, 10, 11 are two clusters, of means 0.5 and 10.
    @Test func `Clusters are those that are there`() throws {
        #expect(try Self.roundTrip([0, 10, 1, 9, 11], "kmeans 2") == [0.5, 10, 0.5, 10, 10])
        #expect(try Self.roundTrip([3, 3, 3], "kmeans 4") == [3, 3, 3])
    }

    /// k-means of a normal of unit variance is Lloyd and Max's quantiser, with its distortion (Max 1960, table 1).
    @Test(arguments: [(2, 0.363380), (4, 0.117482), (8, 0.034548), (16, 0.009501)])
    func `Clusters of normal numbers have the least distortion`(clusters: Int, distortion: Double) throws {
        let numbers = Self.normal(20_000)
        let error = try Self.error(Self.roundTrip(numbers, "kmeans \(clusters)"), numbers) / Self.squares(numbers)
        #expect(abs(error / distortion - 1) < 0.05, "\(error)")
    }

    @Test func `A number far from all others takes one cluster, and no more`() throws {
        let numbers = Self.normal(20_000)
        let back = try Self.roundTrip([1000] + numbers, "kmeans 17")
        #expect(back[0] == 1000)
        let error = Self.error(Array(back.dropFirst()), numbers) / Self.squares(numbers)
        #expect(error < 0.009501 * 1.05, "\(error)")
    }

    @Test(arguments: [2, 3, 17, 256]) func `Each number goes to the nearest of the codebook`(clusters: Int) throws {
        let numbers = Self.normal(3000) + [Float](repeating: 0, count: 2000) + [1e-30, -1e20, 65_504]
        let back = try Self.roundTrip(numbers, "kmeans \(clusters)")
        let codebook = Set(back)
        #expect(codebook.count <= clusters)
        for (value, found) in zip(numbers, back) {
            // A tie, and the rounding of the middle, may go either way.
            let nearest = codebook.map { (Double($0) - Double(value)).magnitude }.min() ?? 0
            #expect((Double(found) - Double(value)).magnitude <= nearest * (1 + 1e-6))
        }
    }
}
