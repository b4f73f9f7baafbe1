public import FedCore

/// A pipeline behind a stage that sends other, fewer numbers: its bytes are those of these numbers.
public struct ProjectedPipeline: UpdateCodec {
    /// What makes the numbers that cross, and makes the update of them.
    private let projecting: any ProjectingStage
    /// What writes them.
    private let pipeline: CompressionPipeline

    /// Composes a stage with those behind it.
    public init(_ projecting: any ProjectingStage, _ pipeline: CompressionPipeline) {
        self.projecting = projecting
        self.pipeline = pipeline
    }

    /// The pipeline as `--compress` reads it, the first stage included.
    public var description: String { pipeline.description }
    /// That of all pipelines.
    public var code: UInt32 { pipeline.code }
    /// False: a projection forgets.
    public var isLossless: Bool { false }
    /// Whether one of the stages is.
    public var isBiased: Bool { projecting.isBiased || pipeline.isBiased }
    /// The number of numbers that cross depends on the tensors alone.
    public var isFixedLength: Bool { pipeline.isFixedLength }

    /// The longest encoding of the numbers that cross.
    public func capacity(count: Int, tensors: [CodecTensor]) -> Int {
        let inner = projecting.tensors(of: tensors, count: count)
        return pipeline.capacity(count: Self.count(of: inner), tensors: inner)
    }

    /// Numbers of tensors that lie one behind the other.
    private static func count(of tensors: [CodecTensor]) -> Int { tensors.last?.range.upperBound ?? 0 }

    /// What the stages behind the first know of the numbers that cross.
    private func inner(_ context: CodecContext, count: Int) -> CodecContext {
        var inner = context
        inner.tensors = projecting.tensors(of: context.tensors, count: count)
        return inner
    }

    /// Makes the numbers that cross, and writes these.
    /// - Parameters:
    ///   - numbers: an update's numbers.
    ///   - bytes: room for ``capacity(count:tensors:)`` bytes.
    ///   - context: whose numbers they are, and their tensors.
    /// - Returns: bytes written.
    /// - Complexity: that of the stages; allocates the numbers that cross.
    public func encode(
        _ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext
    ) -> Int {
        let inner = inner(context, count: numbers.count)
        var projected = [Float](repeating: 0, count: Self.count(of: inner.tensors))
        var span = projected.mutableSpan
        projecting.project(numbers, into: &span, in: context)
        return pipeline.encode(span.span, into: &bytes, in: inner)
    }

    /// Reads the numbers that have crossed, and makes the update of them.
    /// - Parameters:
    ///   - bytes: an encoding, which is not trusted.
    ///   - numbers: as many as were encoded; NaN when what has crossed is not finite.
    ///   - context: the one with which they were encoded.
    /// - Returns: what the bytes were spent on.
    /// - Throws: `CodecError` when the bytes are no encoding of what would have crossed; then nothing is written.
    public func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let inner = inner(context, count: numbers.count)
        var projected = [Float](repeating: 0, count: Self.count(of: inner.tensors))
        var span = projected.mutableSpan
        let coded = try pipeline.decode(bytes, into: &span, in: inner)
        // The server sees an update that is not finite as such, whatever the projection makes of it.
        guard span.span.areEncodable else {
            for i in 0..<numbers.count { numbers[unchecked: i] = .nan }
            return coded
        }
        for i in 0..<numbers.count { numbers[unchecked: i] = 0 }
        projecting.restore(span.span, into: &numbers, in: context)
        return coded
    }
}
