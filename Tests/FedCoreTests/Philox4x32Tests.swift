import CVectors
import Testing

@testable import FedCore

/// The vectors "philox4x32 10" of Random123's `kat_vectors` (D. E. Shaw Research).
@Suite struct Philox4x32Tests {
    @Test(arguments: [
        (
            SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
            SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
        ),
        (
            SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
            SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        (
            SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
            SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
            SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ])
    func givesThePublishedWords(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
        #expect(Philox4x32.block(counter: counter, key: key) == expected)
    }

    @Test(arguments: vectors_are_fast() ? [false, true] : [false]) func `Many blocks are each as one alone`(
        vectors: Bool
    ) {
        let (counter, key) = (SIMD4<UInt32>(0xffff_ff00, 7, 0x85a3_08d3, 1), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0))
        var words = [UInt32](repeating: 0, count: 96)
        var span = words.mutableSpan
        Philox4x32.blocks(from: counter, key: key, into: &span, vectors: vectors)
        for block in 0..<24 {
            var own = counter
            own.x += UInt32(block)
            let expected = Philox4x32.block(counter: own, key: key)
            #expect((0..<4).allSatisfy { words[4 * block + $0] == expected[$0] }, "\(block)")
        }
    }

    /// Behind none to five single words, so that a block has been begun, and of lengths that blocks do not divide.
    @Test(arguments: 0...5, [0, 1, 3, 4, 31, 32, 33, 100, 1000]) func `Words that fill an array are the next ones`(
        before: Int, count: Int
    ) {
        var one = RandomStream(seed: 5, .shuffle, round: 2, client: 3)
        for _ in 0..<before { _ = one.nextWord() }
        var other = one
        var words = [UInt32](repeating: 0, count: count)
        var span = words.mutableSpan
        one.fill(&span)
        #expect(words == (0..<count).map { _ in other.nextWord() })
        #expect(one.nextWord() == other.nextWord())
    }
}
