private import CCrypto

/// Texts that only those with the key can read, and that nobody can change unnoticed: AES-256 in Galois/Counter Mode
/// (M. Dworkin, NIST SP 800-38D), computed by the system's libcrypto.
public enum SealedText {
    /// Bytes of a key.
    public static let keyBytes = 32
    /// Bytes of a nonce, of which no two texts of one key may have the same.
    public static let nonceBytes = 12
    /// Bytes by which a sealed text is longer than the text.
    public static let tagBytes = 16

    /// Seals a text. O(text).
    /// - Parameters:
    ///   - text: what is to stay secret.
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes.
    ///   - associated: what the text belongs to; it is not in the result, and must be the same when it is opened.
    /// - Returns: the encrypted text and its tag of 16 bytes.
    public static func seal(
        _ text: Span<UInt8>, key: borrowing SecretBytes, nonce: [UInt8], associated: [UInt8]
    ) -> [UInt8] {
        let context = begin(key, nonce, encrypts: true)
        defer { EVP_CIPHER_CTX_free(context) }
        return [UInt8](unsafeUninitializedCapacity: text.count + tagBytes) { bytes, count in
            var written: Int32 = 0
            var done = EVP_EncryptUpdate(context, nil, &written, associated, Int32(associated.count))
            done &= text.withUnsafeBufferPointer {
                EVP_EncryptUpdate(context, bytes.baseAddress, &written, $0.baseAddress, Int32($0.count))
            }
            var rest: Int32 = 0
            var tag = [UInt8](repeating: 0, count: tagBytes)
            done &= EVP_EncryptFinal_ex(context, &tag, &rest)
            done &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), &tag)
            precondition(done == 1 && Int(written) == text.count, "libcrypto could not encrypt")
            for (i, byte) in tag.enumerated() { bytes.initializeElement(at: text.count + i, to: byte) }
            count = text.count + tagBytes
        }
    }

    /// Opens a sealed text. O(text).
    /// - Parameters:
    ///   - sealed: what ``seal(_:key:nonce:associated:)`` returned.
    ///   - key: 32 bytes, the same as when it was sealed; so are the other two.
    ///   - nonce: 12 bytes.
    ///   - associated: what the text belongs to.
    /// - Throws: ``CryptographyError/notAuthentic`` when anything differs by a bit; nothing of the text is revealed then.
    public static func open(
        _ sealed: Span<UInt8>, key: borrowing SecretBytes, nonce: [UInt8], associated: [UInt8]
    ) throws(CryptographyError) -> SecretBytes {
        guard sealed.count >= tagBytes else { throw .notAuthentic }
        let length = sealed.count - tagBytes
        let context = begin(key, nonce, encrypts: false)
        defer { EVP_CIPHER_CTX_free(context) }
        var text = SecretBytes(zeros: length)
        let isAuthentic = text.withPointer { bytes in
            sealed.withUnsafeBufferPointer { sealed in
                var tag = Array(sealed[length...])
                var (written, rest): (Int32, Int32) = (0, 0)
                var scratch: UInt8 = 0
                return EVP_DecryptUpdate(context, nil, &written, associated, Int32(associated.count)) == 1
                    && EVP_DecryptUpdate(context, bytes.baseAddress, &written, sealed.baseAddress, Int32(length)) == 1
                    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1
                    && EVP_DecryptFinal_ex(context, &scratch, &rest) == 1
            }
        }
        guard isAuthentic else { throw .notAuthentic }
        return text
    }

    /// libcrypto's `EVP_CIPHER`, looked up once; immutable.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    private static func begin(_ key: borrowing SecretBytes, _ nonce: [UInt8], encrypts: Bool) -> OpaquePointer {
        precondition(key.count == keyBytes && nonce.count == nonceBytes, "a key of 32 bytes, a nonce of 12")
        let begun = key.span.withUnsafeBufferPointer { key in
            EVP_CIPHER_CTX_new().flatMap {
                EVP_CipherInit_ex($0, algorithm, nil, key.baseAddress, nonce, encrypts ? 1 : 0) == 1 ? $0 : nil
            }
        }
        guard let begun else { preconditionFailure("libcrypto offers no AES-256-GCM, or memory is exhausted") }
        return begun
    }
}
