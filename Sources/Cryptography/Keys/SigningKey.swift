private import CCrypto

/// The private half of a pair of keys for Ed25519 signatures (S. Josefsson, I. Liusvaara, RFC 8032), computed by the
/// system's libcrypto.
public struct SigningKey: ~Copyable {
    /// Bytes of a private and of a public key.
    public static let byteCount = 32
    /// Bytes of a signature.
    public static let signatureBytes = 64

    /// libcrypto's `EVP_PKEY`, which wipes its memory when it is freed.
    private let key: OpaquePointer
    /// The public half, 32 bytes: who has it can check signatures.
    public let publicKey: [UInt8]

    /// Makes the pair whose private half are these bytes. Some 30 µs.
    /// - Parameter bytes: 32, uniformly random.
    /// - Precondition: there are 32.
    public init(_ bytes: borrowing SecretBytes) {
        key = rawPrivateKey(bytes, EVP_PKEY_ED25519)
        publicKey = rawPublicKey(of: key)
    }

    deinit { EVP_PKEY_free(key) }

    /// The signature of a message, 64 bytes; the same message has the same one. Some 40 µs.
    public borrowing func signature(of message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new(), EVP_DigestSignInit(context, nil, nil, nil, key) == 1 else {
            preconditionFailure("libcrypto cannot begin an Ed25519 signature, or memory is exhausted")
        }
        defer { EVP_MD_CTX_free(context) }
        return [UInt8](unsafeUninitializedCapacity: Self.signatureBytes) { bytes, count in
            count = Self.signatureBytes
            let done = EVP_DigestSign(context, bytes.baseAddress, &count, message, message.count)
            precondition(done == 1 && count == Self.signatureBytes, "libcrypto could not sign")
        }
    }

    /// Whether a signature of a message is that of the key's owner. Some 100 µs. Keys and signatures of a wrong length
    /// are no error: they are not valid.
    public static func isValid(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard publicKey.count == byteCount, signature.count == signatureBytes,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new(), EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else {
            preconditionFailure("libcrypto cannot begin an Ed25519 check, or memory is exhausted")
        }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
