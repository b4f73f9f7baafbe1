private import CCrypto

/// An SHA-256 hash (FIPS 180-4) under way, computed by the system's libcrypto, which uses the processor's instructions.
///
/// Digests identify weights, data sets and logs in a run's records, and end its checkpoints; for damage in messages
/// there is the faster `CRC32C`. The value owns a context of the library: it cannot be copied, and `finalize` consumes
/// it.
///
/// ```swift
/// var hash = SHA256()
/// hash.update(header)
/// hash.update(body)
/// let digest = hash.finalize()  // 32 bytes
/// ```
public struct SHA256: ~Copyable {
    /// Number of bytes in a digest.
    public static let byteCount = 32

    /// libcrypto's `EVP_MD_CTX`.
    private let context: OpaquePointer

    /// Starts a hash of no bytes. Stops the program when memory is exhausted, as every allocation in Swift does.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto offers no SHA-256, or memory is exhausted")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes. O(count), without a copy where they lie one after the other, as in an array.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { append($0) }
        }
    }

    /// Appends the bytes of a memory, such as an array's `span.bytes`. O(count), without a copy.
    public mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends bytes that lie one after the other; no bytes are no error.
    private func append(_ bytes: UnsafeRawBufferPointer) {
        let done = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(done == 1, "libcrypto could not continue an SHA-256")
    }

    /// Ends the hash.
    /// - Returns: the digest of all bytes appended, 32 bytes.
    public consuming func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { digest, count in
            let done = EVP_DigestFinal_ex(context, digest.baseAddress, nil)
            precondition(done == 1, "libcrypto could not finish an SHA-256")
            count = Self.byteCount
        }
    }

    /// The digest of the bytes appended so far, 32 bytes; more can be appended after it. O(1), on a copy of the
    /// context.
    public borrowing func digestSoFar() -> [UInt8] {
        guard let copy = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(copy, context) == 1 else {
            preconditionFailure("libcrypto cannot copy an SHA-256, or memory is exhausted")
        }
        defer { EVP_MD_CTX_free(copy) }
        return [UInt8](unsafeUninitializedCapacity: Self.byteCount) { digest, count in
            let done = EVP_DigestFinal_ex(copy, digest.baseAddress, nil)
            precondition(done == 1, "libcrypto could not finish an SHA-256")
            count = Self.byteCount
        }
    }

    /// The digest of some bytes in one call, 32 bytes. O(count).
    public static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}

extension Sequence<UInt8> {
    /// The bytes as text, two lower-case hexadecimal digits for each, as digests are written in files. O(count).
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
