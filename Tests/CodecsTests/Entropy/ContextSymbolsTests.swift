import FedCore
import Testing

@testable import Codecs

@Suite struct ContextSymbolsTests {
    static func packed(_ symbols: [UInt8], alphabet: Int, _ tensors: [CodecTensor]) -> [UInt8] {
        var reader = OptionReader([:], of: "test")
        let stage = ContextSymbols(&reader)
        var bytes = [UInt8](repeating: 0, count: stage.capacity(count: symbols.count, planes: 1, alphabet: alphabet))
        var span = bytes.mutableSpan
        let length = stage.encode(symbols.span, planes: 1, alphabet: alphabet, tensors: tensors, into: &span)
        return Array(bytes.prefix(length))
    }

    /// By hand: from 1/2 a first 1 moves the probability by 1 / 1.5 of the way to 1, that is to 5/6 = 54613.3 / 2¹⁶, and a
    /// 0 behind it by 1 / 2.5 back, to 1/2.
    @Test func `A probability is at first the mean of what was seen`() {
        var probability = LearntProbability(32_768)
        probability.learn(1)
        #expect((54_611...54_614).contains(probability.value))
        probability.learn(0)
        #expect((32_764...32_769).contains(probability.value))
        for _ in 0..<10_000 { probability.learn(1) }
        #expect(probability.value > 65_000)
    }

    /// logit(p) + logit(q) − logit(r) with equal weights of one: 1/2, 1/2 and 1/2 are 1/2; 3/4 and 3/4 are odds of 9, 0.9.
    @Test func `Logits add up`() {
        var mixer = ProbabilityMixer(SIMD4(1 << 16, 1 << 16, 0, 0))
        mixer.mix(32_768, 32_768, 10, 10)
        #expect(abs(mixer.value - 32_768) < 80)
        mixer.mix(49_152, 49_152, 10, 10)
        #expect(abs(mixer.value - 58_982) < 80)
        // A 1 was likelier than the first said: its weight grows.
        mixer.learn(1)
        mixer.mix(49_152, 49_152, 10, 10)
        #expect(mixer.value > 58_982)
    }

    /// Bits of one probability, whose entropy is known: p = 1/20, 0.2864 bits.
    @Test func `Independent symbols take little more than their entropy`() {
        var random = RandomStream(seed: 5, .initialization)
        let symbols = (0..<100_000).map { _ in UInt8(random.integer(below: 20) == 0 ? 1 : 0) }
        let bytes = Self.packed(symbols, alphabet: 2, [CodecTensor(0..<100_000, rows: 100)])
        let entropy = EntropyStageTests.entropy(symbols)
        #expect(
            Double(bytes.count) > 0.99 * entropy && Double(bytes.count) < 1.03 * entropy, "\(bytes.count) \(entropy)")
    }

    /// A tenth of the rows and a tenth of the columns have nearly all of what is not zero.
    @Test func `Rows and columns of large numbers are learnt`() {
        var random = RandomStream(seed: 6, .initialization)
        let symbols = (0..<200 * 500).map { i in
            let isDense = i / 500 % 10 == 3 && i % 500 % 10 == 7
            return UInt8(random.integer(below: 1000) < (isDense ? 900 : 1) ? 2 : 1)
        }
        let matrix = Self.packed(symbols, alphabet: 3, [CodecTensor(0..<100_000, rows: 200)])
        let vector = Self.packed(symbols, alphabet: 3, [CodecTensor(0..<100_000)])
        #expect(Double(matrix.count) < 0.6 * EntropyStageTests.entropy(symbols))
        #expect(matrix.count < vector.count)
    }
}
