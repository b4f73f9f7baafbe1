import Cryptography
import Testing

/// Expected values: RFC 7748, sections 5.2 and 6.1.
@Suite struct X25519Tests {
    private let alice = [UInt8](hexadecimal: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    private let bob = [UInt8](hexadecimal: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")

    @Test func `two parties agree on what the standard says`() throws {
        let a = X25519PrivateKey(SecretBytes(copying: alice))
        let b = X25519PrivateKey(SecretBytes(copying: bob))
        #expect(a.publicKey.hexadecimal == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        #expect(b.publicKey.hexadecimal == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        #expect(try a.agreement(with: b.publicKey).bytes.hexadecimal == shared)
        #expect(try b.agreement(with: a.publicKey).bytes.hexadecimal == shared)
    }

    @Test(arguments: [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
        ),
    ])
    func `the scalar multiplications of the standard`(scalar: String, point: String, result: String) throws {
        let key = X25519PrivateKey(SecretBytes(copying: [UInt8](hexadecimal: scalar)))
        #expect(try key.agreement(with: [UInt8](hexadecimal: point)).bytes.hexadecimal == result)
    }

    @Test func `points of small order and other lengths are refused`() {
        let key = X25519PrivateKey(SecretBytes(copying: alice))
        let one = [1] + [UInt8](repeating: 0, count: 31)
        for weak in [[UInt8](repeating: 0, count: 32), one] {
            #expect(throws: CryptographyError.weakKey) { try key.agreement(with: weak).bytes }
        }
        #expect(throws: CryptographyError.wrongLength(expected: 32, actual: 31)) {
            try key.agreement(with: [UInt8](repeating: 9, count: 31)).bytes
        }
    }
}

/// Expected values: RFC 8032, section 7.1.
@Suite struct SigningKeyTests {
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465514143"
                + "8e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d2916"
                + "12bb0c00"
        ),
    ])
    func `the signatures of the standard`(secret: String, message: String, publicKey: String, signature: String) {
        let key = SigningKey(SecretBytes(copying: [UInt8](hexadecimal: secret)))
        let text = [UInt8](hexadecimal: message)
        #expect(key.publicKey.hexadecimal == publicKey)
        #expect(key.signature(of: text).hexadecimal == signature)
        #expect(SigningKey.isValid([UInt8](hexadecimal: signature), of: text, by: key.publicKey))
        #expect(!SigningKey.isValid([UInt8](hexadecimal: signature), of: text + [0], by: key.publicKey))
        #expect(!SigningKey.isValid([], of: text, by: key.publicKey))
        #expect(!SigningKey.isValid([UInt8](hexadecimal: signature), of: text, by: []))
    }
}

/// Expected values: RFC 5869, appendix A.
@Suite struct HKDFTests {
    @Test func `the test cases of the standard`() {
        func derive(_ count: Int, _ key: [UInt8], _ salt: [UInt8], _ info: [UInt8]) -> String {
            HKDF.derive(count, from: SecretBytes(copying: key), salt: salt, info: info).bytes.hexadecimal
        }
        let eleven = [UInt8](repeating: 11, count: 22)
        #expect(
            derive(42, eleven, Array(0...12), Array(0xF0...0xF9))
                == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        #expect(
            derive(82, Array(0...0x4F), Array(0x60...0xAF), Array(0xB0...0xFF))
                == "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9"
                + "aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")
        #expect(
            derive(42, eleven, [], [])
                == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")
    }
}

extension SecretBytes {
    /// A copy that a test may look at.
    borrowing func copy() -> [UInt8] { span.indices.map { span[$0] } }

    /// The same of a temporary value.
    var bytes: [UInt8] { copy() }
}
