public import FedCore

/// Codecs from coarse to fine, of which a run uses one after the other (`--compress 'topk 1% | ternary; eden 1; int8'`, or
/// `auto` for ``standard``): early rounds are far from where they are going, and coarse updates show the way; near the
/// end what a coarse codec takes away is what is still to be learnt. The server decides when the next one begins.
///
/// Which one is in use is the level of the context, which the server tells all clients at a round's beginning.
///
/// J. Wang, G. Joshi, *Adaptive Communication Strategies to Achieve the Best Error-Runtime Trade-off in Local-Update SGD*,
/// MLSys 2019, arXiv:1810.08313 (sparse communication first, more as the loss falls).
public struct CodecLadder: UpdateCodec {
    /// The text of the codecs that `auto` stands for.
    public static let standard = "topk 1% | ternary; topk 5% | int8 | rans; int4 | rans; int8"
    /// The name that stands for them.
    public static let automatic = "auto"

    /// The codecs with semicolons between them, or `auto`.
    public let description: String
    /// 5, whatever the levels: a run's settings say which they are.
    public let code: UInt32 = 5
    /// The codecs, coarse ones first.
    public let steps: [any UpdateCodec]

    /// Puts codecs in a row.
    /// - Precondition: there is one at least.
    init(_ description: String, _ steps: [any UpdateCodec]) {
        precondition(!steps.isEmpty, "a ladder has steps")
        self.description = description
        self.steps = steps
    }

    /// The codecs' descriptions, coarse ones first.
    public var levels: [String] { steps.map(\.description) }
    /// Whether all steps are.
    public var isLossless: Bool { steps.allSatisfy(\.isLossless) }
    /// Whether one of the steps is.
    public var isBiased: Bool { steps.contains(where: \.isBiased) }
    /// False: the steps differ.
    public var isFixedLength: Bool { false }

    /// That of the finest step, or of whichever is the longest.
    public func capacity(count: Int, tensors: [CodecTensor]) -> Int {
        steps.reduce(0) { max($0, $1.capacity(count: count, tensors: tensors)) }
    }

    /// Writes numbers by the step that the context's level says.
    public func encode(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext) -> Int {
        let step = step(context)
        var room = bytes.part(0..<step.capacity(count: numbers.count, tensors: context.tensors))
        return step.encode(numbers, into: &room, in: context)
    }

    /// Reads numbers by the step that the context's level says.
    /// - Throws: `CodecError` when the bytes are no encoding of that step.
    public func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        try step(context).decode(bytes, into: &numbers, in: context)
    }

    /// The step in use; the last one for levels past it.
    private func step(_ context: CodecContext) -> any UpdateCodec { steps[min(context.level, steps.count - 1)] }
}

extension UpdateCodecs {
    /// Makes a ladder of a text with a semicolon between its codecs, or of `auto`.
    /// - Returns: nil when it is neither.
    /// - Throws: `ConfigurationError` when a step is no codec, or several.
    func ladder(_ text: String, of option: String) throws(ConfigurationError) -> CodecLadder? {
        let isAutomatic = text.lowercased() == CodecLadder.automatic
        let parts = (isAutomatic ? CodecLadder.standard : text).split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return nil }
        var steps: [any UpdateCodec] = []
        for part in parts {
            let step = part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let codec = try codec(step, of: option)
            guard codec.levels.count == 1 else {
                throw ConfigurationError(
                    "\(option) '\(text.printable)': '\(step)' is several codecs by itself; name them")
            }
            steps.append(codec)
        }
        return CodecLadder(
            isAutomatic ? CodecLadder.automatic : steps.map(\.description).joined(separator: "; "), steps)
    }
}
