import Cryptography
import Testing

/// Expected values: D. McGrew, J. Viega, *The Galois/Counter Mode of Operation*, test cases 13 to 16, which NIST publishes with SP
/// 800-38D.
@Suite struct SealedTextTests {
    private static let key = String(repeating: "feffe9928665731c6d6a8f9467308308", count: 2)
    private static let zeros = String(repeating: "00", count: 32)
    private static let plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    private static let sealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

    @Test(arguments: [
        (zeros, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            zeros, "000000000000000000000000", "00000000000000000000000000000000", "",
            "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            key, "cafebabefacedbaddecaf888", plain, "feedfacedeadbeeffeedfacedeadbeefabaddad2", sealed,
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func `the published examples`(
        key: String, nonce: String, plain: String, associated: String, sealed: String, tag: String
    ) throws {
        let secret = SecretBytes(copying: [UInt8](hexadecimal: key))
        let (text, more) = ([UInt8](hexadecimal: plain), [UInt8](hexadecimal: associated))
        let number = [UInt8](hexadecimal: nonce)
        let result = SealedText.seal(text.span, key: secret, nonce: number, associated: more)
        #expect(result.hexadecimal == sealed + tag)
        #expect(try SealedText.open(result.span, key: secret, nonce: number, associated: more).bytes == text)
        for i in result.indices {
            var damaged = result
            damaged[i] ^= 1
            #expect(throws: CryptographyError.notAuthentic) {
                try SealedText.open(damaged.span, key: secret, nonce: number, associated: more).bytes
            }
        }
        #expect(throws: CryptographyError.notAuthentic) {
            try SealedText.open(result.span, key: secret, nonce: number, associated: more + [0]).bytes
        }
        #expect(throws: CryptographyError.notAuthentic) {
            try SealedText.open(result.span.extracting(..<15), key: secret, nonce: number, associated: more).bytes
        }
    }
}

/// Expected values: NIST SP 800-38A, F.5.1.
@Suite struct KeyStreamTests {
    private let key = [UInt8](hexadecimal: "2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    private let plain = [UInt8](
        hexadecimal: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
            + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
    private let sealed = [UInt8](
        hexadecimal: "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
            + "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee")

    @Test func `the stream is what the standard's text is encrypted with`() {
        var bytes = [UInt8](repeating: 0xA5, count: 64)
        var stream = KeyStream(key: SecretBytes(copying: key))
        var span = bytes.mutableSpan
        stream.fill(&span)
        #expect(bytes == zip(plain, sealed).map { $0 ^ $1 })
    }

    @Test func `pieces of any length give the same bytes as one, also past a block of the library`() {
        var whole = [UInt8](repeating: 0, count: 50_000)
        var stream = KeyStream(key: SecretBytes(copying: key))
        var span = whole.mutableSpan
        stream.fill(&span)

        var (pieces, length) = ([UInt8](), 1)
        var again = KeyStream(key: SecretBytes(copying: key))
        while pieces.count < whole.count {
            var piece = [UInt8](repeating: 7, count: min(length, whole.count - pieces.count))
            var part = piece.mutableSpan
            again.fill(&part)
            pieces += piece
            length = length * 5 % 9_973
        }
        #expect(pieces == whole)
    }
}

@Suite struct SecretBytesTests {
    @Test func `draws differ, parts and words are the bytes`() {
        let a = SecretBytes.random(count: 32)
        let b = SecretBytes.random(count: 32)
        #expect(a.count == 32)
        #expect(a.copy() != b.copy())
        let counting = SecretBytes(copying: Array(0..<20))
        #expect(counting.part(3..<7).bytes == [3, 4, 5, 6])
        let words = counting.words(of: UInt32.self)
        #expect(words.count == 5 && UInt32(littleEndian: words[1]) == 0x0706_0504)
        #expect(counting.words(of: UInt64.self).count == 2)
    }
}
