import FedCore
import Testing

@Suite struct CodedBytesTests {
    /// By hand: eight symbols of two kinds, half each, have a bit each; of one kind none; of four kinds two bits.
    @Test(
        arguments: [
            ([0, 1, 0, 1, 1, 0, 1, 0], 1, 1), ([5, 5, 5, 5], 1, 0), ([0, 1, 2, 3, 3, 2, 1, 0], 1, 2), ([], 1, 0),
            // Two planes, each of one symbol, and as one plane a bit for each.
            ([7, 7, 7, 7, 9, 9, 9, 9], 2, 0), ([7, 7, 7, 7, 9, 9, 9, 9], 1, 1),
            // 3 of 4 and 1 of 4: 4 × 0.8113 bits, which is 0.41 bytes, rounded up.
            ([0, 0, 0, 1], 1, 1),
        ] as [([UInt8], Int, Int)]) func `The entropy is Shannon's`(symbols: [UInt8], planes: Int, bytes: Int)
    {
        #expect(CodedBytes.entropy(of: symbols.span, planes: planes) == bytes)
    }

    @Test func `Bytes add up`() {
        var sum = CodedBytes(places: 1, scales: 2, symbols: 3, entropy: 4)
        sum += CodedBytes(places: 10, scales: 20, symbols: 30, entropy: 40)
        #expect(sum == CodedBytes(places: 11, scales: 22, symbols: 33, entropy: 44) && sum.total == 66)
    }
}
