import FedCore
import Testing

@testable import Codecs

@Suite struct ChoosingStageTests {
    static func stage(_ text: String) throws -> any ChoosingStage {
        let words = text.split(separator: " ").map(String.init)
        var options = [try #require(ChoosingStages.standard.find(words[0])?.positional.first): words[1]]
        for word in words.dropFirst(2) {
            options[String(word.split(separator: "=")[0])] = String(word.split(separator: "=")[1])
        }
        return try ChoosingStages.standard.make(words[0], NamedOptions(options)) {
            (type, reader: inout OptionReader) throws(ConfigurationError) in try type.init(&reader)
        }
    }

    static func places(_ text: String, _ numbers: [Float], tensors: [Range<Int>]? = nil, round: Int = 1) throws -> [Int]
    {
        let context = CodecContext(
            tensors: (tensors ?? [0..<numbers.count]).map { CodecTensor($0) }, seed: 5, round: round, client: round % 2)
        return try stage(text).places(in: numbers.span, count: numbers.count, context).map { Int($0) }
    }

    /// What sorting gives: by magnitude, then by place.
    static func sorted(_ numbers: [Float], _ wanted: Int) -> [Int] {
        numbers.indices.sorted { (-numbers[$0].magnitude, $0) < (-numbers[$1].magnitude, $1) }.prefix(wanted).sorted()
    }

    static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var random = RandomStream(seed: seed, .initialization)
        return (0..<count).map { _ in Float(random.normal()) * 0.01 }
    }

    @Test(arguments: [1, 2, 17, 100, 124, 125, 126, 500, 999, 1000]) func `Top-k is what sorting gives`(wanted: Int)
        throws
    {
        for seed in 0..<3 as Range<UInt64> {
            let numbers = Self.numbers(1000, seed: seed)
            #expect(try Self.places("topk \(wanted)", numbers) == Self.sorted(numbers, wanted))
        }
    }

    @Test func `Ties go to the lowest place, whatever their signs`() throws {
        let numbers: [Float] = [1, 2, -1, 0, 1, 2, -2, 1, -0.0, 1]
        #expect(try Self.places("topk 2", numbers) == [1, 5])
        #expect(try Self.places("topk 5", numbers) == [0, 1, 2, 5, 6])
        #expect(try Self.places("topk 9", numbers) == [0, 1, 2, 3, 4, 5, 6, 7, 9])
        // Neighbours that differ in the last bit alone.
        let close = (0..<40).map { Float(bitPattern: Float(1).bitPattern + UInt32($0 * 7 % 40)) }
        for wanted in [1, 13, 39] { #expect(try Self.places("topk \(wanted)", close) == Self.sorted(close, wanted)) }
    }

    @Test func `By tensor, each has its own largest`() throws {
        let numbers: [Float] = [9, 8, 7, 6, 1, 2, 3, 4]
        #expect(try Self.places("topk 50%", numbers, tensors: [0..<4, 4..<8]) == [0, 1, 2, 3])
        #expect(try Self.places("topk 50% by=tensor", numbers, tensors: [0..<4, 4..<8]) == [0, 1, 6, 7])
        #expect(try Self.places("topk 1 by=tensor", numbers, tensors: [0..<4, 4..<8]) == [0, 7])
    }

    @Test func `Pruning leaves out the smallest, a threshold those below it`() throws {
        let numbers: [Float] = [0.5, -0.1, 0.3, -0.9, 0, 0.3, 0.2, -0.4, 0.1, 0.6]
        #expect(try Self.places("prune 30%", numbers) == [0, 2, 3, 5, 6, 7, 9])
        #expect(try Self.places("threshold 0.4", numbers) == [0, 3, 7, 9])
        #expect(try Self.places("threshold 1", numbers) == [])
    }

    @Test func `Random places are distinct, shared by all clients of a round, and others in the next`() throws {
        let numbers = [Float](repeating: 1, count: 500)
        let first = try Self.places("randk 10%", numbers, round: 1)
        #expect(first.count == 50 && Set(first).count == 50 && first == first.sorted())
        #expect(try Self.places("randk 10%", numbers, round: 2) != first)
        let stage = try Self.stage("randk 10%")
        let contexts = [0, 9].map { CodecContext(tensors: [CodecTensor(0..<500)], seed: 5, round: 1, client: $0) }
        let empty: [Float] = []
        #expect(contexts.allSatisfy { stage.places(in: empty.span, count: 500, $0).map { Int($0) } == first })
        #expect(stage.factor(chosen: 50, of: 500) == 10)
        #expect(try Self.stage("randk 10% scale=false").factor(chosen: 50, of: 500) == 1)
    }

    /// Lin et al. 2018, section 3.3: sparsities of 75, 93.75, 98.4375 and 99.6 %, then that of the run, 99.9 %.
    @Test(arguments: ["topk 0.1%", "randk 0.1%"]) func `In a warm-up a quarter crosses, then a quarter of that`(
        text: String
    ) throws {
        let numbers = Self.numbers(64_000, seed: 1)
        let counts = try (1...6).map { try Self.places(text + " warmup=4", numbers, round: $0).count }
        #expect(counts == [16_000, 4000, 1000, 250, 64, 64])
        let stage = try Self.stage(text + " warmup=4")
        #expect(stage.mostPlaces(of: 64_000, tensors: 1) == 16_000 && !stage.hasFixedCount)
        #expect(try Self.stage(text).mostPlaces(of: 64_000, tensors: 1) == 64 && Self.stage(text).hasFixedCount)
    }

    @Test func `A warm-up never sends less than the share, and by tensor has room for all`() throws {
        let numbers = Self.numbers(1000, seed: 1)
        #expect(try (1...3).map { try Self.places("topk 10% warmup=3", numbers, round: $0).count } == [250, 100, 100])
        #expect(try (1...3).map { try Self.places("topk 300 warmup=3", numbers, round: $0).count } == [300, 300, 300])
        for text in ["topk 20 by=tensor warmup=2", "topk 3 by=tensor warmup=2", "topk 1% by=tensor warmup=2"] {
            let tensors = [0..<7, 7..<8, 8..<90, 90..<1000]
            let most = try Self.stage(text).mostPlaces(of: 1000, tensors: 4)
            for round in 1...3 {
                #expect(try Self.places(text, numbers, tensors: tensors, round: round).count <= most, "\(text)")
            }
        }
    }

    /// Each of 20 places is drawn with probability 1/4: of 2,000 rounds in 500, give or take 19 (binomial).
    @Test func `Every place is as likely as every other`() throws {
        let stage = try Self.stage("randk 25%")
        let empty: [Float] = []
        var counts = [Int](repeating: 0, count: 20)
        for round in 1...2000 {
            let context = CodecContext(tensors: [CodecTensor(0..<20)], seed: 1, round: round, client: 0)
            for place in stage.places(in: empty.span, count: 20, context) { counts[Int(place)] += 1 }
        }
        #expect(counts.reduce(0, +) == 10_000)
        #expect(counts.allSatisfy { abs($0 - 500) < 5 * 19 }, "\(counts)")
    }
}
