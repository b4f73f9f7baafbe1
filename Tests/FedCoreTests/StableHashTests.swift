import FedCore
import Testing

@Suite struct StableHashTests {
    // The authors' test vectors: http://www.isthe.com/chongo/src/fnv/test_fnv.c
    @Test(
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)])
    func `The hash of bytes is FNV-1a`(text: String, value: UInt64) {
        var hash = StableHash()
        for byte in text.utf8 { hash.add(byte) }
        #expect(hash.value == value)
    }

    @Test func `A number is its eight bytes, the low one first`() {
        var number = StableHash()
        number.add(0x0102)
        var bytes = StableHash()
        for byte: UInt8 in [2, 1, 0, 0, 0, 0, 0, 0] { bytes.add(byte) }
        #expect(number.value == bytes.value)
    }

    @Test func `Texts do not run into each other`() {
        var one = StableHash()
        one.add("ab")
        one.add("c")
        var other = StableHash()
        other.add("a")
        other.add("bc")
        #expect(one.value != other.value)
    }
}
