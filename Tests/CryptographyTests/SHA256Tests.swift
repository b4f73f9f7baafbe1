import Cryptography
import Testing

/// Expected values: NIST's example vectors for SHA-256 (FIPS 180-4).
@Suite struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the published examples`(text: String, digest: String) {
        #expect(SHA256.hash(Array(text.utf8)).hexadecimal == digest)
    }

    @Test func `a million letters, appended in uneven pieces`() {
        var hash = SHA256()
        var left = 1_000_000
        for piece in sequence(first: 1, next: { $0 * 3 % 9973 + 1 }) {
            hash.update(repeatElement(UInt8(ascii: "a"), count: min(piece, left)))
            left -= min(piece, left)
            if left == 0 { break }
        }
        #expect(hash.finalize().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
}
