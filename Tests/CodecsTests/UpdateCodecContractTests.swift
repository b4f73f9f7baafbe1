import FedCore
import Testing

@testable import Codecs

/// What every codec of the catalog promises.
@Suite struct UpdateCodecContractTests {
    static let names = UpdateCodecs.all.map { $0.name }

    /// Numbers as training makes them, and those at the edges of what a Float can be.
    static func numbers(_ count: Int) -> [Float] {
        var random = RandomStream(seed: 7, .initialization)
        var numbers = (0..<count).map { _ in Float(random.normal()) * 0.01 }
        let edges: [Float] = [
            0, -0.0, 1, -1, .leastNonzeroMagnitude, .leastNormalMagnitude, 65_504, -65_504, 0.333_333_34, 1e-8,
        ]
        for (i, edge) in edges.enumerated() where i < count { numbers[i] = edge }
        return numbers
    }

    static func encoded(_ numbers: [Float], by codec: any UpdateCodec) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xa5, count: codec.capacity(count: numbers.count))
        var span = bytes.mutableSpan
        let length = codec.encode(numbers.span, into: &span)
        return Array(bytes.prefix(length))
    }

    static func decoded(_ bytes: [UInt8], count: Int, by codec: any UpdateCodec) throws -> [Float] {
        var numbers = [Float](repeating: 9, count: count)
        var span = numbers.mutableSpan
        try codec.decode(bytes.span, into: &span)
        return numbers
    }

    @Test func `Names and codes are unique, and no code is that of plain numbers or of a sum`() {
        #expect(Set(Self.names).count == Self.names.count)
        let codes = UpdateCodecs.all.map { $0.code }
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0 >= 2 })
    }

    @Test(arguments: names, [0, 1, 2, 9, 1000])
    func `What is decoded is what was encoded, as far as the codec keeps it`(
        name: String, count: Int
    ) throws {
        let codec = try UpdateCodecs.standard.named(name)
        let numbers = Self.numbers(count)
        let bytes = Self.encoded(numbers, by: codec)
        let isFixed = type(of: codec).isFixedLength
        #expect(isFixed ? bytes.count == codec.capacity(count: count) : bytes.count <= codec.capacity(count: count))
        let back = try Self.decoded(bytes, count: count, by: codec)
        if type(of: codec).isLossless {
            #expect(back.map(\.bitPattern) == numbers.map(\.bitPattern))
        }
        // What has been through a codec stays as it is when it goes through it again: a run may be relayed.
        let again = try Self.decoded(Self.encoded(back, by: codec), count: count, by: codec)
        #expect(again.map(\.bitPattern) == back.map(\.bitPattern))
    }

    @Test(arguments: names, [Float.nan, .infinity, -.infinity]) func `What is not finite does not become finite`(
        name: String, value: Float
    ) throws {
        let codec = try UpdateCodecs.standard.named(name)
        let back = try Self.decoded(Self.encoded([1, value, 2], by: codec), count: 3, by: codec)
        #expect(!back[1].isFinite && back[0] == 1 && back[2] == 2)
    }

    @Test(arguments: names) func `Damaged bytes are refused or read, and never trap`(name: String) throws {
        let codec = try UpdateCodecs.standard.named(name)
        let bytes = Self.encoded(Self.numbers(64), by: codec)
        var random = RandomStream(seed: 3, .initialization)
        for _ in 0..<500 {
            var damaged = bytes
            switch random.integer(below: 3) {
            case 0: damaged[random.integer(below: damaged.count)] ^= UInt8(1 + random.integer(below: 255))
            case 1: damaged.removeLast(1 + random.integer(below: damaged.count))
            default: damaged += (0...random.integer(below: 40)).map { UInt8(truncatingIfNeeded: $0) }
            }
            let read = try? Self.decoded(damaged, count: 64, by: codec)
            #expect(read == nil || damaged.count == bytes.count)
        }
    }

    @Test func `An unknown codec is refused with the catalog`() throws {
        let error = #expect(throws: ConfigurationError.self) { try UpdateCodecs.standard.named("f17") }
        #expect(Self.names.allSatisfy { error?.description.contains($0) == true })
    }
}

/// Numbers whose half-precision bits are in IEEE 754-2019's table 3.5, or follow from it by hand.
@Suite struct HalfPrecisionTests {
    @Test(
        arguments: [
            (1, 0x3c00), (-2, 0xc000), (65_504, 0x7bff), (0.333_251_95, 0x3555), (6.103_515_6e-05, 0x0400),
            (5.960_464_5e-08, 0x0001), (0, 0x0000), (-0.0, 0x8000), (0.1, 0x2e66),
            // Halfway to the next: to the even one, up and down.
            (2049, 0x6800), (2051, 0x6802),
            // Halfway above the largest, and less than that.
            (65_520, 0x7c00), (65_519, 0x7bff), (-1e10, 0xfc00), (.nan, 0x7c00),
        ] as [(Float, UInt32)]) func `A number has these bits`(value: Float, bits: UInt32)
    {
        #expect(HalfPrecision.bits(value) == bits)
        let back = HalfPrecision.value(bits)
        if bits & 0x7c00 != 0x7c00 { #expect((back - value).magnitude <= value.magnitude * 0x1p-11) }
    }

    @Test func `Every half is its own nearest half`() {
        for bits in 0..<UInt32(0x1_0000) where bits & 0x7c00 != 0x7c00 {
            #expect(HalfPrecision.bits(HalfPrecision.value(bits)) == bits)
        }
    }
}
