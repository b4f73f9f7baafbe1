import FedCore
import Testing

@testable import Codecs

@Suite struct EntropyStageTests {
    static let stages: [any EntropyStage] = {
        var reader = OptionReader([:], of: "test")
        let zstandard = try? ZstandardSymbols(&reader)
        return [PackedSymbols(), RangeANS(&reader), DeflatedSymbols(&reader)] + (zstandard.map { [$0] } ?? [])
            + [ContextSymbols(&reader)]
    }()

    static func packed(_ symbols: [UInt8], _ planes: Int, _ alphabet: Int, by stage: any EntropyStage) -> [UInt8] {
        let capacity = stage.capacity(count: symbols.count / planes, planes: planes, alphabet: alphabet)
        var bytes = [UInt8](repeating: 0xcc, count: capacity)
        var span = bytes.mutableSpan
        let length = stage.encode(symbols.span, planes: planes, alphabet: alphabet, tensors: [], into: &span)
        return Array(bytes.prefix(length))
    }

    static func unpacked(
        _ bytes: [UInt8], _ count: Int, _ planes: Int, _ alphabet: Int, by stage: any EntropyStage
    ) throws -> [UInt8] {
        var symbols = [UInt8](repeating: 7, count: count)
        var span = symbols.mutableSpan
        try stage.decode(bytes.span, planes: planes, alphabet: alphabet, tensors: [], into: &span)
        return symbols
    }

    /// Symbols that are the less likely the larger they are.
    static func symbols(_ count: Int, alphabet: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = RandomStream(seed: seed, .initialization)
        return (0..<count).map { _ in
            UInt8(min(Int(abs(random.normal()) * Double(alphabet) / 5), alphabet - 1))
        }
    }

    @Test(arguments: 0..<5, [2, 3, 5, 16, 255, 256]) func `Symbols come back`(stage: Int, alphabet: Int) throws {
        let stage = Self.stages[stage]
        for (count, planes) in [(0, 1), (1, 1), (2, 2), (9, 3), (4000, 1), (40_000, 2)] {
            let symbols = Self.symbols(count, alphabet: alphabet)
            let bytes = Self.packed(symbols, planes, alphabet, by: stage)
            #expect(try Self.unpacked(bytes, count, planes, alphabet, by: stage) == symbols, "\(count)")
            #expect(throws: CodecError.self) {
                try Self.unpacked(bytes + [0], count, planes, alphabet, by: stage)
            }
            if count > 9 {
                #expect(throws: CodecError.self) {
                    try Self.unpacked(Array(bytes.dropLast()), count, planes, alphabet, by: stage)
                }
            }
        }
    }

    /// RFC 8878, section 3.1.2: a decoder passes over frames that begin with 0x184D2A50, here one of no bytes.
    @Test func `Frames that Zstandard would skip or join are refused`() throws {
        let symbols = Self.symbols(100, alphabet: 16)
        let bytes = Self.packed(symbols, 1, 16, by: Self.stages[3])
        let skipped: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]
        for damaged in [bytes + skipped, skipped + bytes, bytes + bytes, skipped, []] {
            #expect(throws: CodecError.self) { try Self.unpacked(damaged, 100, 1, 16, by: Self.stages[3]) }
            #expect(throws: CodecError.self) { try Self.unpacked(damaged, 200, 1, 16, by: Self.stages[3]) }
        }
    }

    /// The entropy of order 0 in bytes, of the symbols as they are.
    static func entropy(_ symbols: [UInt8]) -> Double {
        var counts = [Double](repeating: 0, count: 256)
        for symbol in symbols { counts[Int(symbol)] += 1 }
        let total = Double(symbols.count)
        return counts.reduce(0) { $0 + ($1 == 0 ? 0 : -$1 * PortableMath.log($1 / total) / 0.6931471805599453) } / 8
    }

    @Test(arguments: [2, 4, 16, 256]) func `Range ANS is within 1 % of the entropy`(alphabet: Int) throws {
        let symbols = Self.symbols(60_000, alphabet: alphabet)
        let bytes = Self.packed(symbols, 1, alphabet, by: Self.stages[1])
        let entropy = Self.entropy(symbols)
        #expect(Double(bytes.count) < 1.01 * entropy + 32, "\(bytes.count) of \(entropy)")
        #expect(Double(bytes.count) > entropy * 0.999)
    }

    @Test func `One symbol alone takes no bits, and noise no more than it is`() throws {
        let same = [UInt8](repeating: 3, count: 50_000)
        let bytes = Self.packed(same, 1, 16, by: Self.stages[1])
        #expect(bytes.count < 24)
        #expect(try Self.unpacked(bytes, same.count, 1, 16, by: Self.stages[1]) == same)
        var random = RandomStream(seed: 4, .initialization)
        let noise = (0..<5000).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
        #expect(Self.packed(noise, 1, 256, by: Self.stages[1]).count == 5001)
    }

    @Test func `Frequencies add up, and none that occurs is zero`() {
        for counts in [[1, 0, 1_000_000], [3, 3, 3], [1] + [Int](repeating: 0, count: 200) + [7], [5]] {
            for precision in SymbolFrequencies.precisions {
                let table = SymbolFrequencies(counts, precision: precision)
                #expect(table.frequencies.reduce(0, +) == 1 << UInt32(precision))
                #expect(zip(counts, table.frequencies).allSatisfy { ($0 > 0) == ($1 > 0) })
            }
        }
    }

    /// By hand: 5 = 101, 2 = 010, 7 = 111 of three bits, the first lowest: 0b111_010_101, low byte first.
    @Test func `Packed symbols lie one behind the other`() {
        #expect(Self.packed([5, 2, 7], 1, 8, by: Self.stages[0]) == [0b1101_0101, 0b1])
        #expect(Self.packed([1, 0, 1, 1], 1, 2, by: Self.stages[0]) == [0b1101])
    }
}
