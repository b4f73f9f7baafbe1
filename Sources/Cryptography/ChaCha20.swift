private import CCrypto

/// A stream of random words from a key: ChaCha20 (RFC 8439), computed by the system's libcrypto. Who does not have the key
/// cannot tell the words from random ones; who has it gets the same words.
///
/// ```swift
/// var stream = ChaCha20Stream(key: key, nonce: [UInt8](repeating: 0, count: 12))
/// let word = stream.next()
/// ```
public struct ChaCha20Stream: ~Copyable {
    /// Bytes of a key.
    public static let keyBytes = 32
    /// Bytes of a nonce, which tells the streams of one key apart.
    public static let nonceBytes = 12
    /// Bytes that are made at a time.
    private static let block = 4096

    /// libcrypto's `EVP_CIPHER_CTX`.
    private let context: OpaquePointer
    private let zeros = [UInt8](repeating: 0, count: block)
    private var words = [UInt64](repeating: 0, count: block / 8)
    private var place = block / 8

    /// Begins a stream. Stops the program when memory is exhausted.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes; no two streams of a key may have the same.
    public init(key: [UInt8], nonce: [UInt8]) {
        precondition(key.count == Self.keyBytes && nonce.count == Self.nonceBytes, "a key of 32 bytes, a nonce of 12")
        // libcrypto's initial vector is the counter of blocks, 4 bytes, and the nonce.
        let start = [0, 0, 0, 0] + nonce
        guard let context = EVP_CIPHER_CTX_new(), EVP_EncryptInit_ex(context, EVP_chacha20(), nil, key, start) == 1
        else { preconditionFailure("libcrypto offers no ChaCha20, or memory is exhausted") }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// The next word, every value as likely as every other.
    public mutating func next() -> UInt64 {
        if place == words.count { refill() }
        defer { place += 1 }
        return words[place]
    }

    /// Makes further words: what zeros are encrypted to.
    private mutating func refill() {
        var written: Int32 = 0
        let done = words.withUnsafeMutableBytes { bytes in
            EVP_EncryptUpdate(
                context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, zeros, Int32(Self.block))
        }
        precondition(done == 1 && written == Self.block, "libcrypto could not continue a stream")
        place = 0
    }
}
