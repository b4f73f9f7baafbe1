/// How the numbers of an update are written into a message, and read from it. One file in
/// `Codecs`, one line in its catalog.
///
/// A codec is a function of the numbers alone: a client's update has the same bytes on any rank, so a run has one digest at
/// any number of ranks. It sees no running statistics, no vectors that a strategy sends beside the update, and no client's
/// state: these cross as they are.
public protocol UpdateCodec: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }
    /// Its code in an update's envelope, at least 2; 0 means no codec and 1 a sum.
    static var code: UInt32 { get }
    /// Whether what is decoded has the bits of what was encoded.
    static var isLossless: Bool { get }
    /// Whether all encodings of so many numbers are equally long. If not, their lengths are sent ahead of them.
    static var isFixedLength: Bool { get }

    init()

    /// Bytes of the longest encoding of `count` numbers.
    func capacity(count: Int) -> Int

    /// Writes numbers. NaN and infinities may change into one another, but not into finite numbers: the server has to see
    /// them.
    /// - Parameter bytes: `capacity(count: numbers.count)` of them.
    /// - Returns: Bytes written, from the first on.
    func encode(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>) -> Int

    /// Reads what ``encode(_:into:)`` wrote. Whatever the bytes are, it does not trap and writes nothing else.
    /// - Parameters:
    ///   - bytes: Those that were written.
    ///   - numbers: As many as were encoded; all are written unless it throws.
    /// - Throws: ``CodecError`` when the bytes are no encoding of so many numbers.
    func decode(_ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>) throws(CodecError)
}

/// Why bytes cannot be decoded; completes the sentence "the update …".
public struct CodecError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
