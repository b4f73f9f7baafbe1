private import CCrypto

/// Keys from a secret (H. Krawczyk, P. Eronen, RFC 5869, with SHA-256), computed by the system's libcrypto.
public enum HKDF {
    /// libcrypto's `EVP_KDF`, looked up once. The library's algorithms are immutable and may be used by all threads.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_KDF_fetch(nil, OSSL_KDF_NAME_HKDF, nil)

    /// Derives a key. Keys with different `info` tell nothing about each other. Some 2 µs.
    /// - Parameters:
    ///   - count: bytes of the key, 1 … 8160.
    ///   - secret: what only those who may have the key know.
    ///   - salt: public, may be empty.
    ///   - info: what the key is for; two purposes must not have the same.
    public static func derive(
        _ count: Int, from secret: borrowing SecretBytes, salt: [UInt8] = [], info: [UInt8]
    ) -> SecretBytes {
        precondition((1...255 * 32).contains(count), "HKDF makes 1 … 8160 bytes, not \(count)")
        guard let algorithm, let context = EVP_KDF_CTX_new(algorithm) else {
            preconditionFailure("libcrypto offers no HKDF, or memory is exhausted")
        }
        defer { EVP_KDF_CTX_free(context) }
        var key = SecretBytes(zeros: count)
        var (salt, info, digest) = (salt, info, Array("SHA256".utf8CString))
        let done = secret.span.withUnsafeBufferPointer { secret in
            salt.withUnsafeMutableBytes { salt in
                info.withUnsafeMutableBytes { info in
                    digest.withUnsafeMutableBufferPointer { digest in
                        // libcrypto reads them, although its types do not say so.
                        var parameters = [
                            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.baseAddress, 0),
                            OSSL_PARAM_construct_octet_string(
                                OSSL_KDF_PARAM_KEY, UnsafeMutableRawPointer(mutating: secret.baseAddress), secret.count
                            ),
                            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.baseAddress, info.count),
                        ]
                        if !salt.isEmpty {
                            parameters.append(
                                OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.baseAddress, salt.count))
                        }
                        parameters.append(OSSL_PARAM_construct_end())
                        return key.withPointer { EVP_KDF_derive(context, $0.baseAddress, $0.count, parameters) }
                    }
                }
            }
        }
        precondition(done == 1, "libcrypto could not derive a key")
        return key
    }
}
