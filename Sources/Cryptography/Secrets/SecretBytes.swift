private import CCrypto

/// Bytes that nobody else may see: a key, a seed, a share. They have one owner, are never copied by Swift, and are
/// overwritten when the owner ends.
///
/// The type has no way to text: it cannot be put into a log, a record or an error. What derives from it is a secret too.
///
/// ```swift
/// let master = SecretBytes.random(count: 32)
/// let key = HKDF.derive(32, from: master, info: Array("encryption".utf8))
/// ```
// Noncopyable, and changed by its owner alone: whoever holds a borrow reads what does not change.
public struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<UInt8>

    /// Makes so many bytes of zeros.
    /// - Parameter count: at least 0.
    public init(zeros count: Int) {
        memory = .allocate(capacity: count)
        memory.initialize(repeating: 0)
    }

    /// Makes a copy of bytes; the original stays as it is, and is for its owner to wipe.
    public init(copying bytes: Span<UInt8>) {
        memory = .allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { _ = memory.initialize(from: $0) }
    }

    /// Makes a copy of bytes, such as those of a test vector.
    public init(copying bytes: [UInt8]) { self.init(copying: bytes.span) }

    deinit {
        // Unlike a loop, this is not optimised away.
        OPENSSL_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    /// Draws bytes from the operating system's source, through libcrypto's generator for private values. Stops the
    /// program when there is no such source.
    public static func random(count: Int) -> SecretBytes {
        var secret = SecretBytes(zeros: count)
        let done = secret.withPointer { RAND_priv_bytes($0.baseAddress, Int32(count)) }
        precondition(done == 1, "libcrypto has no source of random bytes")
        return secret
    }

    /// Number of bytes.
    public var count: Int { memory.count }

    /// The bytes, to read. Costs nothing.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { _overrideLifetime(Span(_unsafeElements: UnsafeBufferPointer(memory)), borrowing: self) }
    }

    /// The bytes, to change. Costs nothing.
    public var mutableSpan: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { _overrideLifetime(MutableSpan(_unsafeElements: memory), mutating: &self) }
    }

    /// The bytes as numbers of the host, to read; what is left over at the end is not seen. Costs nothing.
    @_lifetime(borrow self)
    public borrowing func words<Word: FixedWidthInteger & BitwiseCopyable>(of type: Word.Type) -> Span<Word> {
        // Allocated memory is aligned for every number.
        let whole = UnsafeRawBufferPointer(memory)[..<(count - count % MemoryLayout<Word>.size)]
        let words = Span<Word>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: whole))
        return _overrideLifetime(words, borrowing: self)
    }

    /// The bytes as numbers of the host, to change; what is left over at the end is not seen. Costs nothing.
    @_lifetime(&self)
    public mutating func mutableWords<Word: FixedWidthInteger & BitwiseCopyable>(
        of type: Word.Type
    ) -> MutableSpan<Word> {
        let whole = UnsafeMutableRawBufferPointer(memory)[..<(count - count % MemoryLayout<Word>.size)]
        let words = MutableSpan<Word>(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: whole))
        return _overrideLifetime(words, mutating: &self)
    }

    /// A secret of its own with some of the bytes.
    /// - Precondition: the range is within 0 ..< count.
    public borrowing func part(_ places: Range<Int>) -> SecretBytes { SecretBytes(copying: span.extracting(places)) }

    /// Gives libcrypto the memory to write to.
    mutating func withPointer<Result>(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result { body(memory) }
}
