import Testing

@testable import FedCore

@Suite struct CRC32CTests {
    static func checksum(_ bytes: [UInt8]) -> UInt32 { CRC32C.of(bytes.span.bytes) }

    /// RFC 3720, appendix B.4, and the usual check value of a CRC.
    static let published: [(bytes: [UInt8], value: UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test func `The published vectors`() {
        for vector in Self.published { #expect(Self.checksum(vector.bytes) == vector.value) }
    }

    @Test func `Tables give the published vectors too`() {
        for vector in Self.published {
            #expect(~CRC32C.advanceByTable(0xFFFF_FFFF, vector.bytes.span.bytes) == vector.value)
        }
    }

    /// Bit by bit, as the definition has it.
    private static func byDefinition(_ bytes: [UInt8]) -> UInt32 {
        var register: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~register
    }

    /// Around the word and around the block of the three lanes, 3 × 2048.
    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 6143, 6144, 6145, 6152, 12_287, 12_288, 20_001])
    func `Every length gives what the definition gives, with tables and with the instruction`(count: Int) {
        var random = RandomStream(seed: 5, .synthesis, round: count)
        let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
        let expected = Self.byDefinition(bytes)
        #expect(Self.checksum(bytes) == expected)
        #expect(~CRC32C.advanceByTable(0xFFFF_FFFF, bytes.span.bytes) == expected)
        if CRC32C.hasInstruction {
            #expect(~CRC32C.advanceByInstruction(0xFFFF_FFFF, bytes.span.bytes) == expected)
        }
    }

    @Test func `In parts of any size it is the same, and elements count as their bytes`() {
        var random = RandomStream(seed: 6, .synthesis)
        let floats = (0..<5000).map { _ in random.uniform() }
        let bytes = floats.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        var whole = CRC32C()
        whole.update(floats.span)
        var parts = CRC32C()
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + random.integer(below: 3000))
            parts.update(bytes.span.extracting(position..<end))
            position = end
        }
        #expect(whole.value == Self.byDefinition(bytes))
        #expect(parts.value == whole.value)
    }

    @Test func `Any single wrong bit is found`() {
        let bytes = (0..<200).map { UInt8($0) }
        let right = Self.checksum(bytes)
        for bit in 0..<8 * bytes.count {
            var wrong = bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.checksum(wrong) != right)
        }
    }
}
