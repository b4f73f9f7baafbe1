private import CCrypto

/// The private half of a pair of keys for X25519 (A. Langley, M. Hamburg, S. Turner, RFC 7748), computed by the system's
/// libcrypto in constant time. Two parties who know each other's public half agree on a secret that nobody else knows.
///
/// ```swift
/// let own = X25519PrivateKey(SecretBytes.random(count: 32))
/// let secret = try own.agreement(with: theirs)
/// ```
public struct X25519PrivateKey: ~Copyable {
    /// Bytes of a private and of a public key, and of what is agreed on.
    public static let byteCount = 32

    /// libcrypto's `EVP_PKEY`, which wipes its memory when it is freed.
    private let key: OpaquePointer
    /// The public half, 32 bytes.
    public let publicKey: [UInt8]

    /// Makes the pair whose private half are these bytes. One multiplication on the curve, some 30 µs.
    /// - Parameter bytes: 32, uniformly random; which bits count is X25519's to say.
    /// - Precondition: there are 32.
    public init(_ bytes: borrowing SecretBytes) {
        key = rawPrivateKey(bytes, EVP_PKEY_X25519)
        publicKey = rawPublicKey(of: key)
    }

    deinit { EVP_PKEY_free(key) }

    /// What both parties agree on, 32 bytes: not yet a key, for its bits are not independent (``HKDF`` makes one of it).
    /// Some 30 µs.
    /// - Parameter peer: the other's public key.
    /// - Throws: ``CryptographyError/wrongLength(expected:actual:)``, or ``CryptographyError/weakKey`` when the result would be zero
    ///   whatever the private key.
    public borrowing func agreement(with peer: [UInt8]) throws(CryptographyError) -> SecretBytes {
        guard peer.count == Self.byteCount else {
            throw .wrongLength(expected: Self.byteCount, actual: peer.count)
        }
        guard let other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, peer, peer.count),
            let context = EVP_PKEY_CTX_new(key, nil), EVP_PKEY_derive_init(context) == 1
        else { preconditionFailure("libcrypto cannot begin an X25519, or memory is exhausted") }
        defer {
            EVP_PKEY_CTX_free(context)
            EVP_PKEY_free(other)
        }
        // Every 32 bytes are a public key; what is refused here is the result of zeros.
        precondition(EVP_PKEY_derive_set_peer_ex(context, other, 0) == 1, "libcrypto refuses an X25519 key")
        var secret = SecretBytes(zeros: Self.byteCount)
        var count = Self.byteCount
        let done = secret.withPointer { EVP_PKEY_derive(context, $0.baseAddress, &count) }
        guard done == 1, count == Self.byteCount else { throw .weakKey }
        return secret
    }
}

/// An X25519 or Ed25519 key whose private half are 32 bytes. Stops the program when memory is exhausted.
/// - Parameter kind: `EVP_PKEY_X25519` or `EVP_PKEY_ED25519`.
func rawPrivateKey(_ bytes: borrowing SecretBytes, _ kind: Int32) -> OpaquePointer {
    precondition(bytes.count == 32, "a private key of \(bytes.count) bytes")
    let made = bytes.span.withUnsafeBufferPointer { EVP_PKEY_new_raw_private_key(kind, nil, $0.baseAddress, $0.count) }
    guard let made else {
        preconditionFailure("libcrypto does not offer keys of kind \(kind), or memory is exhausted")
    }
    return made
}

/// The 32 bytes of an X25519 or Ed25519 key's public half.
func rawPublicKey(of key: OpaquePointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
        var length = 32
        let done = EVP_PKEY_get_raw_public_key(key, bytes.baseAddress, &length)
        precondition(done == 1 && length == 32, "libcrypto cannot make a public key")
        count = length
    }
}
