/// How the numbers of an update are written into a message, and read from it: a type of its own in `Codecs`, or a
/// pipeline of stages from its catalogs.
///
/// A codec is a function of the numbers and of the context alone, which server and client derive alike: a client's
/// update has the same bytes on any rank, so a run has one digest at any number of ranks. It sees no running
/// statistics, which cross as they are, and each vector that a strategy sends beside the update as one of its own. What a client keeps
/// for it, such as the residual of error feedback, is a stage's (`ErrorFeedback`).
public protocol UpdateCodec: Sendable {
    /// What messages and the run's header call it: its name or its pipeline, as `--compress` reads it.
    var description: String { get }
    /// Its code in an update's envelope, at least 2; 0 means no codec and 1 a sum.
    var code: UInt32 { get }
    /// Whether what is decoded has the bits of what was encoded.
    var isLossless: Bool { get }
    /// Whether what is decoded is off in a way that does not vanish in a mean over clients and rounds, by more than the
    /// rounding of a floating-point format: then error feedback is worth a client's memory.
    var isBiased: Bool { get }
    /// Whether all encodings of so many numbers are equally long. If not, their lengths are sent ahead of them.
    var isFixedLength: Bool { get }

    /// The codecs of which a run uses one after the other, from the coarsest on; itself alone, for most.
    var levels: [String] { get }

    /// Whether what is decoded is zero but at places that all updates of a round share (``sharedPlaces(count:in:)``):
    /// sums of updates then need no others.
    var hasSharedPlaces: Bool { get }

    /// The places that all updates of a round share; not asked for where there are none.
    /// - Parameters:
    ///   - count: how many numbers are encoded.
    ///   - context: that of any client in the round.
    /// - Returns: ascending places in `0 ..< count`.
    func sharedPlaces(count: Int, in context: CodecContext) -> [UInt32]

    /// Bytes of the longest encoding.
    /// - Parameters:
    ///   - count: number of numbers.
    ///   - tensors: the tensors that they belong to.
    func capacity(count: Int, tensors: [CodecTensor]) -> Int

    /// Writes numbers. NaN and infinities need not stay what and where they are, but not all may become finite: the
    /// server has to see them.
    /// - Parameters:
    ///   - numbers: an update's numbers.
    ///   - bytes: as many as the capacity says.
    ///   - context: whose numbers they are.
    /// - Returns: bytes written, from the first on.
    func encode(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext) -> Int

    /// Reads what ``encode(_:into:in:)`` wrote. Whatever the bytes are, it does not trap and writes nothing else.
    /// - Parameters:
    ///   - bytes: those that were written.
    ///   - numbers: as many as were encoded; all are written unless it throws.
    ///   - context: the one with which they were encoded.
    /// - Returns: what the bytes were spent on.
    /// - Throws: ``CodecError`` when the bytes are no encoding of so many numbers.
    @discardableResult
    func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes
}

extension UpdateCodec {
    public var levels: [String] { [description] }

    public var hasSharedPlaces: Bool { false }

    public func sharedPlaces(count: Int, in context: CodecContext) -> [UInt32] {
        preconditionFailure("\(description) has no shared places")
    }
}

/// An update codec that is one type, and that its name alone describes: an entry of a catalog.
public protocol NamedUpdateCodec: UpdateCodec {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    init()
}

extension NamedUpdateCodec {
    public var description: String { Self.name }
}

/// Why bytes cannot be decoded; completes the sentence "the update …".
public struct CodecError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
